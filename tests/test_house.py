"""Files and functions stay short, and what people are told of them is true."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

import commonspace as cs
from commonspace.catalogue import CATALOGUE
from commonspace.encoders import ENCODERS
from commonspace.reasoning.example_files import EXAMPLES
from commonspace.reasoning.tasks import TASKS
from commonspace.spaces.registry import SPACE_MODULES
from tests.scripts import load_script

ROOT = Path(__file__).parents[1]
API = (ROOT / "docs" / "api" / "index.md").read_text("utf-8")
METHODS = {page.stem: page.read_text("utf-8") for page in (ROOT / "docs" / "methods").glob("*.md")}
DATA, REASONING = ((ROOT / "docs" / f"{page}.md").read_text("utf-8") for page in ("data", "reasoning"))
README = (ROOT / "README.md").read_text("utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


house = load_script("house")

PUBLIC = house.public_names(house.PACKAGE)
"""Module -> its public names."""

WITHOUT_EXAMPLE: dict[str, str] = {}
"""Function or class -> why its docstring shows no use of it."""

IN_NO_GUIDE: dict[str, str] = {}
"""Public name -> why no guide uses it."""

EXAMPLE = re.compile(r"^ *(```python$|Examples:\n(.*\n)*? *>>> )", re.MULTILINE)
"""A block, or prompts; under any heading but "Examples:" the site shows prompts as quotes in quotes."""


def test_no_file_and_no_function_is_longer_than_it_may_be():
    assert house.out_of_bounds(house.PACKAGE) == []


def test_the_tables_see_the_package(capsys: pytest.CaptureFixture[str]):
    assert house.main([]) == 0
    printed = capsys.readouterr().out
    files, functions = house.file_lengths(house.PACKAGE), house.function_lengths(house.PACKAGE)
    assert {"spaces/base.py", "server/page/app.js"} <= {length.name for length in files}
    assert "spaces/base.py: Space.fit" in {length.name for length in functions}
    assert f"{files[0].lines}  {files[0].name}" in printed
    assert f"{functions[0].lines}  {functions[0].name}" in printed


def write(folder: Path, **files: str) -> Path:
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def test_lines_of_a_function_are_those_of_its_code(tmp_path: Path):
    source = '''
class Space:
    def fit(
        self,
    ):
        """One.

        Two.
        """
        def inner():
            return 1
        return inner

async def documented():
    """Only this."""
'''
    lengths = house.function_lengths(write(tmp_path, spaces=source))
    assert {name.partition(": ")[2]: lines for lines, name in lengths} == {
        "Space.fit": 6,
        "Space.fit.inner": 2,
        "documented": 1,
    }
    assert house.file_lengths(tmp_path) == [(15, "spaces.py")]


def test_what_is_too_long_is_told_and_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    body = "    x = 1\n" * house.MOST_LINES_OF_A_FUNCTION
    write(tmp_path, long=f"def f():\n{body}", right=f"def g():\n{body[10:]}", file="#\n" * 351)
    assert house.main(["--check"], package=tmp_path) == 1
    told = capsys.readouterr().out
    assert "file.py has 351 lines, 350 are the most" in told
    assert "long.py: f has 56 lines, 55 are the most" in told
    assert "right.py" not in told


def test_names_that_no_page_uses_are_found(tmp_path: Path):
    write(tmp_path, __init__='__all__ = ["fit", "fitted", "__version__"]')
    page = tmp_path / "guide.md"
    page.write_text("Call `fit(views)`; what is_fitted is another word, and fitted no code.")
    assert house.public_names(tmp_path) == {"": ["fit", "fitted"]}
    assert house.unused_names(tmp_path, [page]) == [".fitted"]
    page.write_text("```python\nfitted\n```")
    assert house.unused_names(tmp_path, [page]) == [".fit"]


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_a_guide(module: str):
    unused = house.unused_names(house.PACKAGE, house.guides())
    assert names_of(module, unused) == names_of(module, IN_NO_GUIDE), "write it where it is looked for"


@pytest.mark.parametrize("module", PUBLIC)
def test_every_function_and_class_has_an_example(module: str):
    of = importlib.import_module(f"commonspace.{module}".rstrip("."))
    public = {f"{module}.{name}": getattr(of, name) for name in PUBLIC[module]}
    used = {name: thing for name, thing in public.items() if has_use(thing)}
    assert used, "functions and classes are looked at"
    without = {name for name, thing in used.items() if not EXAMPLE.search(thing.__doc__ or "")}
    assert without == names_of(module, WITHOUT_EXAMPLE), "show its shortest use"


def names_of(module: str, names: Iterable[str]) -> set[str]:
    """Those of "module.name" that are of this module, and not of one below it."""
    return {name for name in names if name.rpartition(".")[0] == module}


def has_use(thing: object) -> bool:
    """Whether it is a function or a class that people call: records and errors are given to them."""
    if not inspect.isclass(thing):
        return inspect.isfunction(thing)
    return not (dataclasses.is_dataclass(thing) or issubclass(thing, Exception | tuple))


def test_records_and_errors_need_no_example_and_functions_and_classes_do():
    assert has_use(cs.metrics.wups)
    assert has_use(cs.CCA)
    assert not has_use(cs.metrics.HUBNESS)
    assert not has_use(cs.metrics.ChoiceAccuracy)
    assert not has_use(cs.errors.InputError)
    assert not has_use(house.Length)
    assert EXAMPLE.search("Examples:\n    >>> 1 + 1\n    2")
    assert not EXAMPLE.search("Example:\n    >>> 1 + 1\n    2")
    assert not EXAMPLE.search("A file or a function `f` and how many lines it has.")


def test_public_names_are_those_of_the_package():
    assert set(PUBLIC[""]) == set(cs.__all__) - {"__version__"}
    assert set(PUBLIC["metrics"]) == set(cs.metrics.__all__)


@pytest.mark.parametrize("name", SPACE_MODULES)
def test_a_method_is_told_of_wherever_there_is_a_list_of_methods(name: str):
    assert f"[`cs.{name}`]({name}.md)" in API, "docs/api/index.md: a row"
    assert f"`{name}`" in README, "README.md: the row 'spaces'"
    assert any(f"(../api/{name}.md)" in page for page in METHODS.values()), "docs/methods: a row on one of the pages"


@pytest.mark.parametrize("name", [*ENCODERS, *CATALOGUE])
def test_an_encoder_and_a_data_set_are_on_the_page_about_data(name: str):
    assert f"`{name}`" in DATA or f'"{name}"' in DATA


def test_every_data_set_is_in_the_docstring_of_what_loads_it():
    assert [name for name in CATALOGUE if f'"{name}"' not in str(cs.load_dataset.__doc__)] == []


@pytest.mark.parametrize("kind", TASKS)
def test_a_task_has_examples_in_files_and_is_on_the_page_about_reasoning(kind: str):
    assert f"`{kind}`" in REASONING
    assert kind in EXAMPLES


def test_paths_that_contributing_names_exist():
    named = re.findall(r"`((?:src|tests|docs|scripts|benchmarks|\.github|\.ci)/[\w./-]*)`", CONTRIBUTING)
    assert len(named) > 20
    whole = (path for path in named if "NAME" not in path)
    assert [path for path in whole if not (ROOT / path).exists()] == []
