"""What the documentation says of commands, results and methods holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import commonspace as cs
from commonspace.spaces.registry import all_spaces

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md")}
TEXTS |= {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")}
COMMAND = re.compile(r"(?:python )?((?:benchmarks|scripts)/[a-z_0-9]+\.(?:py|sh))((?: [^\n`|#]+)?)")
RESULTS = sorted(path.name for path in (ROOT / "benchmarks" / "results").iterdir())
RUN = TEXTS["docs/reproducibility.md"]


@pytest.mark.parametrize("page", [name for name, text in TEXTS.items() if COMMAND.search(text)])
def test_scripts_that_a_page_names_exist_and_know_the_options(page):
    for script, arguments in COMMAND.findall(TEXTS[page]):
        assert (ROOT / script).is_file(), f"{page}: {script}"
        source = (ROOT / script).read_text(encoding="utf-8")
        options = set(re.findall(r"(?<=\s)--[a-z][a-z-]*", arguments))
        assert [option for option in options if f'"{option}"' not in source] == [], f"{page}: {script}{arguments}"


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_stands_on_the_page_of_commands(name):
    assert f"`{name}`" in RUN, f"docs/reproducibility.md does not name benchmarks/results/{name}"


def test_results_that_the_page_of_commands_names_exist():
    named = re.findall(r"`([\w-]+\.json)`", RUN)
    assert len(named) > 30
    assert set(named) - set(RESULTS) == set()


def test_every_script_that_writes_results_stands_on_the_page_of_commands():
    writing = [path.name for path in ROOT.glob("benchmarks/*.py") if '"--out"' in path.read_text(encoding="utf-8")]
    missing = {name for name in writing if f"benchmarks/{name}" not in RUN}
    assert missing == set(), "docs/reproducibility.md lacks these"


def test_the_table_of_methods_is_that_of_their_tags():
    lines = [line.strip("| ").split(" | ") for line in TEXTS["docs/choose.md"].splitlines() if "](api/" in line]
    told = {re.sub(r"\[(\w+)\].*", r"\1", line[0]): line[1:6] for line in lines}
    assert set(told) == {space.__name__ for space in all_spaces().values()}
    for space in all_spaces().values():
        tags = space.tags
        if space.__name__ != "Ensemble":  # its tags are those of its members
            assert told[space.__name__] == [
                "needed" if tags.supervised else "-",
                "two" if tags.max_modalities == 2 else "any",
                "yes" if tags.missing_in_fit else "-",
                "yes" if tags.multilabel else "-",
                "yes" if tags.uses_time else "-",
            ]


@pytest.mark.parametrize(("folder", "column"), [("wikipedia-2173-693", 6), ("flickr8k", 7)])
def test_seconds_of_a_fit_are_those_that_were_measured(folder, column):
    rows = [line.strip("| ").split(" | ") for line in TEXTS["docs/choose.md"].splitlines() if "](api/" in line]
    told = {re.sub(r"\[(\w+)\].*", r"\1", row[0]): row[column].strip() for row in rows}
    table = (ROOT / "benchmarks" / "results" / folder / "table.md").read_text(encoding="utf-8")
    head, _, *body = [[c.strip() for c in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
    measured = {row[0]: row[head.index("fit")] for row in body}
    assert {name: seconds for name, seconds in told.items() if seconds != "-"} == measured


def test_every_page_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert {page for page in pages if not re.search(rf"[ :]{re.escape(page)}$", text, re.MULTILINE)} == set()


def test_the_citation_is_of_this_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    told = dict(re.findall(r"^(version|license): (.+)$", citation, re.MULTILINE))
    assert told == {"version": cs.__version__, "license": "Apache-2.0"}
