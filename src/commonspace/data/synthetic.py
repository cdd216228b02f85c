"""Data whose structure is known, to see what a method can find."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import ParameterError

from .dataset import Dataset


def planted_parity(
    n: int = 1000,
    n_classes: int = 4,
    *,
    modalities: Mapping[str, int] | None = None,
    noise: float = 0.2,
    seed: int = 0,
    maps: int = 0,
) -> Dataset:
    r"""Modalities that share their class and nothing else, and in a way that no linear method sees.

    Class y has a code of p = ceil(log2 c) signs, the digits of its number. Each modality draws, for itself, p random
    signs s and shows both $s_j$ and $s_j \, \mathrm{code}_j(y)$: the class is in their products (a parity, or
    exclusive or), while every column, and every weighted sum of columns, has the same distribution in all classes up
    to sign, with mean zero. Covariances between modalities are therefore zero, and so are those of columns and labels:
    CCA, PLS and linear classifiers find nothing. Signs get Gaussian noise and are joined by columns of noise; a random
    rotation, a bend $x + x^3 / 6$ and another rotation, of each modality's own, hide them.

    Args:
        n: The number of items; classes have equally many, as far as n allows.
        n_classes: c.
        modalities: Name -> the number of columns, at least 2 p. Default: image with 2 p + 2, text with 2 p + 1.
        noise: The deviation of the noise on each sign.
        seed: Of the items.
        maps: Of rotations: equal ones mean the same population, from which other seeds draw other items.

    Returns:
        A data set with labels from 0 to c - 1 in random order and without a split.

    Raises:
        ParameterError: If there are too few items, classes or columns, or `noise` is negative.

    Example:
        ```python
        train, test = planted_parity(1000, seed=1), planted_parity(500, seed=2)
        DCCA(4, hidden_sizes=(64,)).fit(train.views).score(test.views, test.labels)
        ```
    """
    if n_classes < 2 or n < n_classes:
        raise ParameterError(f"n, n_classes: expected at least 2 classes and an item of each, got {n} and {n_classes}.")
    if not noise >= 0:
        raise ParameterError(f"noise: expected 0 or more, got {noise}.")
    p = (n_classes - 1).bit_length()
    dims = {"image": 2 * p + 2, "text": 2 * p + 1} if modalities is None else dict(modalities)
    if not dims or min(dims.values()) < 2 * p:
        raise ParameterError(f"modalities: expected at least {2 * p} columns for {n_classes} classes, got {dims}.")
    rng = np.random.default_rng((seed, 0))
    labels = rng.permutation(np.arange(n) % n_classes)
    code = 2.0 * (labels[:, None] >> np.arange(p) & 1) - 1
    views = {}
    for i, (modality, d) in enumerate(dims.items()):
        signs = rng.choice([-1.0, 1.0], (n, p))
        hidden = np.hstack([signs, signs * code]) + noise * rng.standard_normal((n, 2 * p))
        x = np.hstack([hidden, rng.standard_normal((n, d - 2 * p))])
        turns = np.random.default_rng((maps, i, d))
        x = x @ random_rotation(turns, d)
        views[modality] = ((x + x**3 / 6) @ random_rotation(turns, d)).astype(np.float32)
    return Dataset(views, labels=labels, name="planted parity", protocol=f"{n_classes} classes, seed {seed}")


def random_rotation(rng: np.random.Generator, d: int) -> NDArray[np.float64]:
    """A random orthogonal matrix, each as likely."""
    Q, R = np.linalg.qr(rng.standard_normal((d, d)))
    turned: NDArray[np.float64] = Q * np.sign(np.diag(R))
    return turned
