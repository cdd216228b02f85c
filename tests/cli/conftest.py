from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from commonspace import Dataset
from commonspace.cli.app import app
from commonspace.data import save_dataset

N = 80


@pytest.fixture
def run():
    """Runs a command in this process; errors come out as exceptions."""

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)

    return call


@pytest.fixture
def encoded(tmp_path: Path) -> Path:
    """A saved data set of features with a planted common part, in splits."""
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((N, 4))
    views: dict[str, Any] = {
        "image": shared @ rng.standard_normal((4, 9)) + 0.05 * rng.standard_normal((N, 9)),
        "text": shared @ rng.standard_normal((4, 7)) + 0.05 * rng.standard_normal((N, 7)),
    }
    data = Dataset(
        views,
        labels=np.where(shared[:, 0] > 0, "up", "down"),
        split=["train"] * 60 + ["test"] * 20,
        metadata={"number": list(range(N))},
        name="planted",
    )
    save_dataset(data, tmp_path / "encoded")
    return tmp_path / "encoded"
