from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from commonspace.encoders.onnx_model import OnnxModel, weights_digest


class Affine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.linear(x)
        return out


class Builder:
    """Builds one small network, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.calls = 0
        torch.manual_seed(0)
        self.network = Affine().eval()

    def __call__(self) -> tuple[nn.Module, tuple[Tensor, ...]]:
        self.calls += 1
        return self.network, (torch.zeros(2, 3),)

    def expected(self, x: np.ndarray) -> np.ndarray:
        weight, bias = (p.detach().numpy() for p in (self.network.linear.weight, self.network.linear.bias))
        out: np.ndarray = x @ weight.T + bias
        return out


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("COMMONSPACE_CACHE", str(tmp_path))
    return tmp_path


def model(build: Builder) -> OnnxModel:
    return OnnxModel("affine-1", build, {"x": {0: "n"}})


X = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)


def test_nothing_is_exported_before_it_is_needed(cache: Path):
    build = Builder()
    model(build)
    assert build.calls == 0
    assert list(cache.iterdir()) == []


def test_is_exported_once_and_runs_for_any_batch(cache: Path):
    build = Builder()
    for _ in range(2):
        again = model(build)
        for n in (1, 2, 5):
            np.testing.assert_allclose(again.run(x=X[:n]), build.expected(X[:n]), atol=1e-6)
    assert build.calls == 1
    folder = cache / "models" / "affine-1"
    assert sorted(path.name for path in folder.iterdir()) == ["model.onnx", "model.sha256"]
    assert [path.name for path in folder.parent.iterdir()] == ["affine-1"]


@pytest.mark.parametrize("damage", ["a bit", "cut", "digest", "no digest"])
def test_a_damaged_export_is_made_again(cache: Path, damage: str, caplog: pytest.LogCaptureFixture):
    build = Builder()
    model(build).run(x=X)
    file, digest = (cache / "models" / "affine-1" / name for name in ("model.onnx", "model.sha256"))
    sound = file.read_bytes()
    if damage == "a bit":
        file.write_bytes(sound[:-40] + bytes([sound[-40] ^ 1]) + sound[-39:])
    elif damage == "cut":
        file.write_bytes(sound[: len(sound) // 2])
    elif damage == "digest":
        digest.write_bytes(b"\xff\xfe")
    else:
        digest.unlink()
    with caplog.at_level(logging.WARNING, "commonspace"):
        np.testing.assert_allclose(model(build).run(x=X), build.expected(X), atol=1e-6)
    assert build.calls == 2
    assert (f"{file} is damaged; exporting it again" in caplog.messages) == (damage != "no digest")
    model(build).run(x=X)
    assert build.calls == 2


def test_an_export_that_fails_leaves_nothing(cache: Path):
    def build() -> tuple[nn.Module, tuple[Tensor, ...]]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        OnnxModel("broken", build, {"x": {0: "n"}}).run(x=X)
    assert list((cache / "models").iterdir()) == []


def test_running_writes_nothing_elsewhere_in_the_users_home(cache: Path):
    model(Builder()).run(x=X)
    program = (
        "import sys; from pathlib import Path; from commonspace.encoders.onnx_model import _session; "
        "print(_session(Path(sys.argv[1])).get_inputs()[0].name)"
    )
    home = cache / "home"
    home.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY" and not k.startswith("XDG_")}
    done = subprocess.run(
        [sys.executable, "-c", program, str(cache / "models" / "affine-1" / "model.onnx")],
        env=environment | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "x"
    assert list(home.rglob("*")) == []


def test_the_digest_changes_with_the_weights_and_with_the_version(tmp_path: Path):
    for name, content in (("a", b"weights"), ("b", b"weights"), ("c", b"weighty")):
        (tmp_path / name).write_bytes(content)
    first = weights_digest(tmp_path / "a", "1")
    assert len(first) == 16
    assert weights_digest(tmp_path / "b", "1") == first
    assert len({first, weights_digest(tmp_path / "c", "1"), weights_digest(tmp_path / "a", "2")}) == 3
