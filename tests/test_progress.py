from __future__ import annotations

import logging
import os
import pty
import re
import subprocess
import sys

import pytest

from commonspace.progress import progress

PROGRAM = """
from commonspace.progress import progress
with progress("encoding image", 30, "pictures") as advance:
    for _ in range(3):
        advance(10)
"""


def test_off_a_terminal_one_line_is_logged_and_nothing_printed(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    with caplog.at_level(logging.INFO, "commonspace"), progress("encoding text", 30, "texts") as advance:
        advance(10)
        advance(20)
    assert len(caplog.messages) == 1
    assert re.fullmatch(r"encoding text: 30 texts in \d+\.\d s \(\d+/s\)", caplog.messages[0])
    assert capfd.readouterr() == ("", "")


def test_work_that_fails_is_not_reported_as_done(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "commonspace"), pytest.raises(ZeroDivisionError), progress("x", 2):
        _ = 1 / 0
    assert caplog.messages == []


def run(program: str, stderr: int) -> bytes:
    """Runs a program with nothing on standard output, to be sure that bars go elsewhere."""
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=stderr, env=environment, check=True
    )
    return done.stdout


def test_on_a_terminal_a_bar_with_its_rate_is_drawn():
    ours, theirs = pty.openpty()
    try:
        assert run(PROGRAM, theirs) == b""
        drawn = os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "encoding image" in drawn
    assert "30/30" in drawn
    assert re.search(r"\d pictures/s", drawn)


def test_in_a_pipe_nothing_is_drawn():
    read, write = os.pipe()
    assert run(PROGRAM, write) == b""
    os.close(write)
    assert os.read(read, 100) == b""
    os.close(read)
