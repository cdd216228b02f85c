"""Encoding items each by itself, with those that cannot be read told together at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, UnreadableItemsError


def encode_one_by_one(items: Sequence[object], dim: int, row_of: Callable[[object], ArrayLike]) -> NDArray[np.float32]:
    """A row for each item.

    Args:
        items: n items.
        dim: The length of a row.
        row_of: Makes the row of one item; raises `InputError` if it cannot be read.

    Returns:
        (n, dim).

    Raises:
        UnreadableItemsError: If some items cannot be read.
    """
    rows = np.full((len(items), dim), np.nan, np.float32)
    reasons: dict[int, str] = {}
    for i, item in enumerate(items):
        try:
            rows[i] = row_of(item)
        except InputError as error:
            reasons[i] = str(error)
    if reasons:
        raise UnreadableItemsError(reasons, rows)
    return rows
