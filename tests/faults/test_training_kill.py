"""A training that is killed at any moment and resumed ends as one that never was; a full disk leaves the last epoch."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import commonspace as cs
from commonspace.errors import StorageError

from .kills import KILLS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9, nor a limit on files")

TRAININGS, EPOCHS = max(2, KILLS // 3), 60

# Fits, from the checkpoint where there is one, and saves.
SCRIPT = """
import sys
import numpy as np
import commonspace as cs

out, checkpoint, epochs, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
rng = np.random.default_rng(0)
labels = np.arange(300) % 3
views = {"image": rng.standard_normal((300, 6)) + labels[:, None], "text": rng.standard_normal((300, 2, 5))}
space = cs.SAM(
    4, hidden_sizes=(64,), batch_size=32, max_epochs=epochs, patience=None, schedule="cosine",
    random_state=None if seed == "None" else int(seed),
)
space.fit(views, labels, checkpoint=checkpoint, resume=True).save(out)
"""


def start(out: Path, checkpoint: Path, seed: object = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(out), str(checkpoint), str(EPOCHS), str(seed)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def finish(process: subprocess.Popen[str]) -> None:
    told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    assert told == ("", "")


def epoch_in(checkpoint: Path) -> int:
    return int(torch.load(checkpoint, weights_only=True)["epoch"])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, None])
def test_kill_9_at_any_epoch(seed: int | None, tmp_path: Path):
    expected, moments, killed = tmp_path / "expected", random.Random(0), []
    if seed is not None:
        finish(start(expected, tmp_path / "whole.ckpt", seed))
    for kill in range(TRAININGS if seed is not None else 1):
        out, checkpoint = tmp_path / f"out{kill}", tmp_path / f"run{kill}.ckpt"
        process = start(out, checkpoint, seed)
        while not checkpoint.exists() and process.poll() is None:
            time.sleep(0.005)
        wanted = moments.randrange(1, EPOCHS - 5)
        while process.poll() is None and epoch_in(checkpoint) < wanted:
            time.sleep(moments.uniform(0, 0.01))
        process.kill()
        process.communicate()
        if process.returncode == -9:
            killed.append(epoch_in(checkpoint))
            assert not out.exists()
        if seed is None:  # the seed that was drawn is in the checkpoint: begin anew with it
            drawn = torch.load(checkpoint, weights_only=True)["callbacks"]["Checkpoint"]["seed"]
            finish(start(expected, tmp_path / "whole.ckpt", drawn))
        finish(start(out, checkpoint, seed))
        weights, right = (load_file(folder / "weights.safetensors") for folder in (out, expected))
        assert set(weights) == set(right)
        for name, array in right.items():
            np.testing.assert_array_equal(weights[name], array, err_msg=f"{name}, killed after epoch {killed[-1:]}")
        assert epoch_in(checkpoint) == EPOCHS - 1
    assert len(killed) >= (TRAININGS // 2 if seed is not None else 1)  # else the moments were not in the run
    assert {p.suffix for p in tmp_path.iterdir()} <= {".ckpt", ".tmp", ""}


def views() -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    return {"image": rng.standard_normal((60, 8)), "text": rng.standard_normal((60, 6))}, np.arange(60) % 3


def space() -> cs.Prototype:
    return cs.Prototype(16, hidden_sizes=(64,), max_epochs=6, batch_size=16, random_state=0)


def test_a_full_disk_is_a_clear_error_and_the_last_checkpoint_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By the system's own limit on the size of a file, which comes into force after three epochs."""
    from commonspace.training.checkpoint import Checkpoint

    path, allowed = tmp_path / "run.ckpt", resource.getrlimit(resource.RLIMIT_FSIZE)
    write, seen = Checkpoint.on_train_epoch_end, [0]

    def filling(*arguments):
        seen[0] += 1
        if seen[0] == 4:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, allowed[1]))
        write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_train_epoch_end", filling)
        try:
            with pytest.raises(StorageError, match=rf"cannot write {path}: .*File too large.*choose another place"):
                space().fit(*views(), checkpoint=path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
    assert [p.name for p in tmp_path.iterdir()] == ["run.ckpt"]
    assert epoch_in(path) == 2
    resumed, expected = space().fit(*views(), checkpoint=path, resume=True), space().fit(*views())
    for name, array in expected.weights_.items():
        np.testing.assert_array_equal(resumed.weights_[name], array, err_msg=name)
