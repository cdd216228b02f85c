"""Views with planted classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

Views = dict[str, NDArray[Any]]
NAMES = np.array(["sea", "hill", "town", "wood"])
UNLIKE = {"image": (7, 3.0), "text": (5, -1.0), "audio": (4, 0.0)}


def planted(n: int = 300, noise: float = 0.8, seed: int = 0, c: int = 4) -> tuple[Views, NDArray[Any]]:
    """Views around a mean for each class; equal for all seeds, so that seeds are samples of one population."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(100)
    y = rng.integers(c, size=n)
    centres = {m: 2 * fixed.standard_normal((4, d)) + mean for m, (d, mean) in UNLIKE.items()}
    return {m: C[y] + noise * rng.standard_normal((n, C.shape[1])) for m, C in centres.items()}, NAMES[y]


def histograms(n: int = 200, seed: int = 0) -> tuple[Views, NDArray[Any]]:
    views, labels = planted(n, seed=seed)
    return {m: softmax(X, axis=1) for m, X in views.items()}, labels
