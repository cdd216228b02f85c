"""The validation part that is taken out of the training items."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def stratified_holdout(targets: NDArray[Any] | None, n: int, fraction: float, seed: int) -> NDArray[np.bool_]:
    """Which of n items are held out: the same share of each class, as far as whole items allow.

    Of a class at least one item stays. Items of several classes count for the first of them, unlabelled items for a
    class of their own.

    Args:
        targets: (n, c) of 0 and 1, or None for no regard to classes.
        n: The number of items.
        fraction: The share that is held out.
        seed: The same seed gives the same part.

    Returns:
        (n,) mask; nothing is held out where fewer than 2 items would be.
    """
    rng = np.random.default_rng((seed, n))
    group = np.zeros(n, int) if targets is None else np.where(targets.any(1), targets.argmax(1), -1)
    order = rng.permutation(n)
    order = order[np.argsort(group[order], kind="stable")]  # at random within each class
    mask = np.zeros(n, bool)
    wanted = 0.5  # carried from class to class, so that small classes give their share between them
    for label in np.unique(group):
        members = order[group[order] == label]
        wanted += fraction * len(members)
        take = min(int(wanted), len(members) - 1)
        mask[members[:take]] = True
        wanted = min(wanted - take, 1)  # what small classes cannot give is not taken from a large one
    return mask if mask.sum() >= 2 else np.zeros(n, bool)
