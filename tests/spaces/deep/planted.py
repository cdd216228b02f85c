"""Three kinds of data in which no linear map relates the modalities of an item."""

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
PRODUCTS = (
    ((0,), (1,), (2,), (3,)),
    ((0, 1), (1, 2), (2, 3), (0, 1, 2)),
    ((0, 1, 3), (0, 2, 3), (1, 2, 3), (0, 1, 2, 3)),
)
"""For each modality the four products of signs that it shows: from them all signs follow."""


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


def products(n: int, modalities: int, seed: int) -> Planted:
    """Items are four signs, sixteen classes; each modality shows four products of them, all uncorrelated.

    Unlike in the others, a modality foretells the columns of another one, and not only the class.
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 16)
    signs = 2.0 * (labels[:, None] >> np.arange(4) & 1) - 1
    views = {}
    for i, m in enumerate(NAMES[:modalities]):
        shown = np.column_stack([signs[:, list(chosen)].prod(1) for chosen in PRODUCTS[i]])
        x = np.hstack([shown + 0.2 * rng.standard_normal((n, 4)), 0.5 * rng.standard_normal((n, 2))])
        turned = x @ np.linalg.svd(np.random.default_rng((6, i)).standard_normal((6, 6)))[0]
        views[m] = (turned + 1).astype(np.float32)
    return views, labels


GENERATORS: dict[str, Callable[[int, int, int], Planted]] = {"parity": parity, "shells": shells}
"""Where modalities share their class and nothing else, and no linear method finds it in one of them either."""


def shuffled(planted: Planted, seed: int = 0) -> Planted:
    """The same rows, but neither pairs nor labels belong together any more."""
    views, labels = planted
    rng = np.random.default_rng(seed)
    return {m: x[rng.permutation(len(x))] for m, x in views.items()}, rng.permutation(labels)
