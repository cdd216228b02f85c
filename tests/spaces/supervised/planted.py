"""Data with classes planted in some of the columns, and checks that several test files share."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Views = dict[str, NDArray[Any]]

INFORMATIVE = 4
"""In every view of `planted`, the first columns differ between classes, the others are noise."""


def planted(
    n: int = 150, dims: tuple[int, ...] = (10, 8), classes: int = 3, noise: float = 0.7, seed: int = 0
) -> tuple[Views, NDArray[Any]]:
    """Views whose first columns tell the class, and the labels."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(100)
    labels = np.arange(n) % classes
    views = {}
    for name, d in zip(("image", "text", "audio"), dims, strict=False):
        means = np.zeros((classes, d))
        means[:, :INFORMATIVE] = 2 * fixed.standard_normal((classes, INFORMATIVE))[:, :d]
        views[name] = means[labels] + noise * rng.standard_normal((n, d)) + 3
    return views, np.array(["hill", "sea", "town", "wood", "field"])[labels]


@st.composite
def problems(draw: st.DrawFn) -> tuple[Views, NDArray[Any]]:
    """Two or three small views, items without a modality, unlabelled items, a class of one item."""
    seed, n = draw(st.integers(0, 2**32 - 1)), draw(st.integers(8, 24))
    count = draw(st.integers(2, 3))
    rng = np.random.default_rng(seed)
    views = {m: rng.standard_normal((n, draw(st.integers(1, 30)))) for m in ("image", "text", "audio")[:count]}
    if draw(st.booleans()):
        views["image"][:, 0] = 1.5  # a column that never varies
        views["image"] = np.hstack([views["image"], rng.standard_normal((n, 1))])
    if draw(st.booleans()):
        views["text"] = np.hstack([views["text"], 2 * views["text"]])  # collinear columns
    labels = rng.integers(0, draw(st.integers(2, 4)), n).astype(object)
    labels[:4] = [0, 1, 0, 1]
    labels[4] = 9  # alone in its class
    labels[5:][rng.random(n - 5) < draw(st.sampled_from([0, 0.3]))] = None
    for view in views.values():
        view[4:][rng.random(n - 4) < draw(st.sampled_from([0, 0.4]))] = np.nan
    return views, labels


def standardised(view: NDArray[Any]) -> NDArray[np.float64]:
    """Columns of mean zero and variance one; constant ones are zero."""
    scale = view.std(0)
    return np.asarray((view - view.mean(0)) / np.where(scale > 1e-12, scale, 1))


def one_hot(labels: NDArray[Any]) -> NDArray[np.float64]:
    """(n, c) of 0 and 1, classes in sorted order, None for a row of zeros."""
    classes = sorted({label for label in labels if label is not None})
    return np.array([[float(label == c) for c in classes] for label in labels])


def never_increases(objective: NDArray[np.float64]) -> bool:
    """Up to rounding."""
    return bool((np.diff(objective) <= 1e-10 * np.abs(objective[:-1]) + 1e-14).all())
