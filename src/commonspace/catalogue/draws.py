"""Splits drawn class by class, for sets whose published lists are not distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from commonspace.errors import InputError, ParameterError


def draw_by_class(
    name: str, labels: Sequence[str], classes: Sequence[str], sizes: Mapping[str, int], *, seed: int
) -> list[str | None]:
    """A split for each item: of every class as many as `sizes` says, at random; None for those not drawn.

    Args:
        name: What errors call the data set.
        labels: (n,) the class of each item. Their order matters: the same order and seed give the same draw.
        classes: The classes, in the order in which they are drawn.
        sizes: Split -> how many items of each class.
        seed: Draws.

    Raises:
        ParameterError: If a class has fewer items than are to be drawn.
        InputError: If the seed is no whole number of 0 or more.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError(f"seed: expected a whole number of 0 or more, got {seed!r}.")
    names = [split for split, size in sizes.items() for _ in range(size)]
    given = np.asarray(labels, dtype=np.str_)
    random = np.random.default_rng(seed)
    drawn: list[str | None] = [None] * len(labels)
    for label in classes:
        rows = random.permutation(np.flatnonzero(given == label))
        if len(rows) < len(names):
            raise ParameterError(
                f"data set {name}: class {label} has {len(rows)} items; expected at least {len(names)} "
                f"({', '.join(f'{size} for {split}' for split, size in sizes.items())})."
            )
        for row, split in zip(rows[: len(names)].tolist(), names, strict=True):
            drawn[row] = split
    return drawn
