"""How wide a window of time is that holds a few of the items."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHARE = 0.05
"""Of the items, what a window around one of them holds in the mean."""


def default_window(instants: NDArray[np.float64]) -> float:
    """The half-width w of a window [t - w, t + w] that holds about a twentieth of the items around one of them.

    It is at least half the median step between different instants: less would tell apart what the times do not.

    Args:
        instants: (n,) at least two of which differ.

    Returns:
        w, above 0, in the unit of the instants.
    """
    ordered = np.sort(instants)
    low, high = 0.0, float(ordered[-1] - ordered[0])
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _share(ordered, middle) < SHARE else (low, middle)
    steps = np.diff(np.unique(ordered))
    return max(high, float(np.median(steps)) / 2)


def _share(ordered: NDArray[np.float64], window: float) -> float:
    """The mean share of items within the window around an item, itself included."""
    first = np.searchsorted(ordered, ordered - window, side="left")
    last = np.searchsorted(ordered, ordered + window, side="right")
    return float((last - first).mean() / len(ordered))
