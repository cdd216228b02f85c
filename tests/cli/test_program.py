"""The program as a user runs it: exit codes, streams, what it loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from commonspace.cli.app import app

COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback]


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "commonspace", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from commonspace.cli.app import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print({'torch', 'sklearn', 'lance', 'numpy', 'pyarrow', 'onnxruntime', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(run, command):
    help_text = run(command, "--help").stdout
    assert f"Example: commonspace {command}" in " ".join(help_text.split())


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("demo", "serve")])
def test_every_command_with_a_result_prints_json(run, command):
    assert "--json" in run(command, "--help").stdout


def test_a_mistake_is_one_line_on_stderr_and_exit_code_2(tmp_path):
    done = program("evaluate", str(tmp_path / "nowhere"), "emoji")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("commonspace: ")
    assert "no saved space here" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unknown_data_set_is_named(tmp_path):
    done = program("encode", "emojis", "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert "unknown data set or path 'emojis'; did you mean 'emoji'?" in done.stderr


def test_bad_usage_is_exit_code_2():
    assert program("fit").returncode == 2


def test_version():
    assert program("--version").stdout == "0.1.0\n"
