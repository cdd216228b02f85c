"""Two kinds of data in which modalities share their class and nothing else, out of reach of linear methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.synthetic import planted_parity

Views = dict[str, NDArray[Any]]
Planted = tuple[Views, NDArray[Any]]

NAMES = ("image", "text", "audio")
CLASSES = 4


def parity(n: int, modalities: int, seed: int) -> Planted:
    """Classes are products of signs; the package's own generator."""
    data = planted_parity(n, CLASSES, modalities={m: 6 - i % 2 for i, m in enumerate(NAMES[:modalities])}, seed=seed)
    labels = data.labels
    assert labels is not None
    return dict(data.views), labels


def shells(n: int, modalities: int, seed: int) -> Planted:
    """Classes are shells about one centre: circles in the first modality, spheres of more dimensions in the others.

    Where on its shell an item lies each modality draws for itself. Two columns of noise, a rotation, and scales that
    differ.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % CLASSES)
    views = {}
    for i, m in enumerate(NAMES[:modalities]):
        fixed = np.random.default_rng((5, i))
        direction = rng.standard_normal((n, 2 + i))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        radius = 0.5 + labels + 0.15 * rng.standard_normal(n)
        x = np.hstack([radius[:, None] * direction, rng.standard_normal((n, 2))])
        turned = x @ np.linalg.svd(fixed.standard_normal((4 + i, 4 + i)))[0]
        views[m] = (10.0 ** fixed.uniform(-2, 2, 4 + i) * turned + 3).astype(np.float32)
    return views, labels


GENERATORS: dict[str, Callable[[int, int, int], Planted]] = {"parity": parity, "shells": shells}


def shuffled(planted: Planted, seed: int = 0) -> Planted:
    """The same rows, but neither pairs nor labels belong together any more."""
    views, labels = planted
    rng = np.random.default_rng(seed)
    return {m: x[rng.permutation(len(x))] for m, x in views.items()}, rng.permutation(labels)
