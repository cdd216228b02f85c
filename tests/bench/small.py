"""A small data set with labels and splits, on which a benchmark takes a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import commonspace as cs
from commonspace.bench import Protocol, find_protocol
from commonspace.data import save_dataset

N = 90
SPLIT = ["train"] * 60 + ["test"] * 30


def views(seed: int = 0) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((N, 3)) + labels()[:, None]
    return {
        m: (shared @ rng.standard_normal((3, d)) + rng.standard_normal((N, d))).astype(np.float32)
        for m, d in (("image", 7), ("text", 5))
    }


def labels() -> NDArray[np.int64]:
    return np.arange(N) % 3


def saved(folder: Path, name: str = "small", **changed: Any) -> Protocol:
    """The data set in a folder, and its protocol."""
    given: dict[str, Any] = {"labels": labels().tolist(), "split": SPLIT, **changed}
    items = given.pop("views", views())
    path = folder / name
    save_dataset(cs.Dataset(items, **given), path)
    return find_protocol(str(path))
