"""Rows of a view whose numbers lie in a file: chosen, but not read before they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

View = NDArray[np.float32]


def is_mapped(view: NDArray[Any]) -> bool:
    """Whether an array is memory-mapped, or a part of one that is."""
    base: Any = view
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap):
            return True
        base = base.base
    return False


class ChosenRows:
    """Rows of a mapped view that do not follow one another, so that no slice gives them.

    Args:
        view: (n, d) or (n, r, d), memory-mapped.
        rows: (m,) numbers of rows.
    """

    def __init__(self, view: View, rows: NDArray[np.int64]) -> None:
        self._view, self._rows = view, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: slice) -> View:
        """Those in a slice, read into memory."""
        return np.asarray(self._view[self._rows[rows]])

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process go the rows alone, as an array."""
        return np.asarray, (self[:],)

    def take(self, rows: NDArray[np.int64]) -> View | ChosenRows:
        """See `take`."""
        return take(self._view, self._rows[rows])


def take(view: View | ChosenRows, rows: NDArray[np.int64]) -> View | ChosenRows:
    """Some rows of a view: in memory a copy; of a mapped one a slice where they follow one another, else unread."""
    if isinstance(view, ChosenRows):
        return view.take(rows)
    if not is_mapped(view):
        return view[rows]
    if len(rows) and (np.diff(rows) == 1).all():
        return view[rows[0] : rows[-1] + 1]
    return ChosenRows(view, rows)
