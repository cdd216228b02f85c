from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.collection import Collection

DIM = 8


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def raw(tmp_path: Path) -> Collection:
    return Collection.create(tmp_path / "store", dim=DIM)


class LetterEncoder:
    """Texts to counts of letters: cheap, and the same text always gives the same row."""

    kind = "text"
    dim = 6

    def __init__(self, name: str = "letters", fingerprint: str = "f1") -> None:
        self.name, self.fingerprint = name, fingerprint

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        return np.array([[str(item).count(letter) for letter in "abcdef"] for item in items], np.float32)


def nearest(X: NDArray[np.float32], q: NDArray[np.float32], k: int) -> tuple[list[int], NDArray[np.float64]]:
    """The k rows of highest cosine, and all cosines, in float64."""
    rows = X.astype(np.float64)
    scores = rows @ q / (np.linalg.norm(rows, axis=1) * np.linalg.norm(q))
    return [int(i) for i in np.argsort(-scores, kind="stable")[:k]], scores
