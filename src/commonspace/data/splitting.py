"""Parting items at random, groups kept together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError


def held_out(n: int, size: float, *, seed: int, groups: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Which of n items are held out.

    Whole groups are taken in random order, passing over those that would make the part too large: it can come out
    a few items smaller than asked.

    Args:
        n: The number of items.
        size: A share below 1, or a number of items.
        seed: The same seed gives the same part.
        groups: (n,) names; items of one group are never parted, an item without a name stands alone. None parts
            item by item.

    Returns:
        (n,) mask.

    Raises:
        InputError: If the part would be empty or everything.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed: expected a whole number of 0 or more, got {seed!r}.")
    if isinstance(size, bool | str) or not size > 0:
        raise InputError(f"holdout: expected a share below 1 or a number of items, got {size!r}.")
    target = round(size * n) if size < 1 else int(size)
    if not 0 < target < n:
        raise InputError(f"holdout: cannot hold out {target} of {n} items; expected between 1 and {n - 1}.")
    codes = np.arange(n) if groups is None else _group_numbers(np.asarray(groups, dtype=object))
    sizes = np.bincount(codes)
    chosen, taken = np.zeros(len(sizes), bool), 0
    for group in np.random.default_rng(seed).permutation(len(sizes)):
        if taken + sizes[group] <= target:
            chosen[group] = True
            taken += sizes[group]
    if not taken:
        raise InputError(f"holdout: cannot hold out {target} of {n} items; the smallest group has {sizes.min()}.")
    held: NDArray[np.bool_] = chosen[codes]
    return held


def _group_numbers(groups: NDArray[np.object_]) -> NDArray[np.intp]:
    """A number for each group, and one of its own for each None or NaN."""
    names = [f"alone {i}" if group is None or group != group else f"group {group}" for i, group in enumerate(groups)]
    return np.unique(names, return_inverse=True)[1]


def split_names(test: Sequence[bool] | NDArray[np.bool_]) -> list[str]:
    """The names of the splits: "test" where the mask holds, else "train"."""
    return ["test" if t else "train" for t in test]
