"""Commands on folders that this user may not read or write: one line that says so, exit code 2, nothing left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from commonspace import Dataset
from commonspace.data import save_dataset

pytestmark = pytest.mark.skipif(os.name == "nt", reason="permissions are set the Unix way")

# Runs every command once as this user, who may, so that all is imported; then as another, since root may do anything.
SCRIPT = """
import contextlib, io, json, os, shutil, sys
from commonspace.cli.app import main

def run(*arguments):
    sys.argv = ["commonspace", *arguments]
    told, code = io.StringIO(), 0
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(told):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    return [code, told.getvalue()]

allowed, denied = json.load(sys.stdin)
for command in allowed:
    assert run(*command)[0] == 0, command
os.umask(0)
if os.geteuid() == 0:
    os.setgid(65534), os.setuid(65534)
json.dump([run(*command) for command in denied], sys.stdout)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder into which others may look, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path
        for inside in [path, *path.rglob("*")]:
            inside.chmod(0o755)


def test_each_command_says_what_it_may_not(folder: Path):
    rng = np.random.default_rng(0)
    views = {"image": rng.standard_normal((40, 5)), "text": rng.standard_normal((40, 4))}
    save_dataset(Dataset(views, split=["train"] * 30 + ["test"] * 10, name="noise"), folder / "data")
    save_dataset(Dataset(views, split=["train"] * 30 + ["test"] * 10, name="noise"), folder / "closed")
    space, closed, data, inside = (str(folder / n) for n in ("space", "closed", "data", "shut"))
    allowed = [
        ["encode", data, "--out", str(folder / "copy")],
        ["fit", data, "--space", "cca", "--out", space],
        ["evaluate", space, data],
        ["fit", data, "--space", "cca", "--out", str(folder / "closed_space")],
    ]
    denied = [
        ["encode", closed, "--out", str(folder / "new")],
        ["encode", data, "--out", f"{inside}/new"],
        ["fit", closed, "--space", "cca", "--out", str(folder / "new")],
        ["fit", data, "--space", "cca", "--out", f"{inside}/new"],
        ["evaluate", str(folder / "closed_space"), data],
        ["evaluate", space, closed],
        ["index", space, data, "--store", f"{inside}/new"],
    ]
    (folder / "shut").mkdir()
    script = SCRIPT.replace("os.umask(0)", f"os.chmod({closed!r}, 0); os.chmod({str(folder / 'closed_space')!r}, 0)")
    (folder / "shut").chmod(0o555)
    environment = {**os.environ, "COMMONSPACE_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps([allowed, denied]),
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    for command, (code, told) in zip(denied, json.loads(done.stdout), strict=True):
        assert code == 2, (command, told)
        assert told.startswith("commonspace: "), (command, told)
        assert told.count("\n") == 1, (command, told)
        assert "ermission denied" in told, (command, told)
    assert not list((folder / "shut").iterdir())
    assert not (folder / "new").exists()
