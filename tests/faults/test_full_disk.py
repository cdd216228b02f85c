"""A disk that takes no more, by the system's own limit on the size of a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import commonspace as cs
from commonspace.data import save_dataset

LIMIT = 20_000


def limited(*arguments: object) -> subprocess.CompletedProcess[str]:
    # The limit is set by the process itself: Lance, if this one has loaded it, warns of any code between fork and exec.
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({LIMIT}, {LIMIT}))\n"
        "from commonspace.cli.app import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((2000, 8))
    views = {"image": shared @ rng.standard_normal((8, 64)), "text": shared @ rng.standard_normal((8, 48))}
    data = cs.Dataset({m: x + rng.standard_normal(x.shape) for m, x in views.items()})
    folder = tmp_path_factory.mktemp("disk") / "encoded"
    save_dataset(data, folder)
    return folder


def test_encode_says_so_and_leaves_nothing(encoded: Path, tmp_path: Path):
    done = limited("encode", encoded, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.startswith(f"commonspace: cannot write {tmp_path / 'out'}: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_fit_says_so_and_keeps_the_old_space(encoded: Path, tmp_path: Path):
    space = cs.CCA(n_components=2).fit(cs.load_dataset(encoded).views)
    space.save(tmp_path / "space")
    done = limited("fit", encoded, "--space", "cca", "--set", "n_components=48", "--out", tmp_path / "space")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"commonspace: cannot write {tmp_path / 'space'}: ")
    assert cs.load_space(tmp_path / "space").fingerprint == space.fingerprint
    assert [p.name for p in tmp_path.iterdir()] == ["space"]


def test_index_says_so(encoded: Path, tmp_path: Path):
    cs.CCA(n_components=48).fit(cs.load_dataset(encoded).views).save(tmp_path / "space")
    done = limited("index", tmp_path / "space", encoded, "--store", tmp_path / "store")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("commonspace: ")
