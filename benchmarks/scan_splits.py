"""How slices of heads are split, so that near-duplicates are in one part: by whole heads, or by runs of slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

FOLDS = 5
MARGIN = 2
"""Slices left out on either side of a run, as they are nearly those at its ends."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """Which slices are learnt from, chosen by, and measured on; no slice is in two of them."""

    fit: Mask
    choose: Mask
    test: Mask


def by_heads(heads: Sequence[str]) -> list[Part]:
    """Whole heads held out, in as many folds as there are heads, five at most; of the rest about a quarter chooses."""
    found = []
    for train, test in GroupKFold(min(FOLDS, len(set(heads)))).split(heads, groups=heads):
        own = np.asarray(heads)[train]
        fit, choose = next(GroupKFold(min(4, len(set(own)))).split(own, groups=own))
        found.append(Part(*(_mask(rows, len(heads)) for rows in (train[fit], train[choose], test))))
    return found


def by_runs(heads: Sequence[str], numbers: Sequence[int]) -> list[Part]:
    """Each head cut into five runs of neighbouring slices, of which one is held out and the next one chooses.

    What lies within `MARGIN` slices of a held-out run, in the same head, is in no part.
    """
    runs = np.zeros(len(heads), int)
    for head in set(heads):
        own = np.flatnonzero(np.asarray(heads) == head)
        own = own[np.argsort(np.asarray(numbers)[own])]
        for k, rows in enumerate(np.array_split(own, FOLDS)):
            runs[rows] = k
    found = []
    for k in range(FOLDS):
        test = runs == k
        rest = ~_near(test, heads, numbers)
        choose = rest & (runs == (k + 1) % FOLDS)
        found.append(Part(rest & ~_near(choose, heads, numbers), choose, test))
    return found


def resemblance(pictures: NDArray[Any], parts: Sequence[Part]) -> float:
    """The highest correlation of a test slice with one that is learnt from; the mean over test slices of all folds."""
    rows = pictures - pictures.mean(1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return float(np.concatenate([(rows[part.test] @ rows[part.fit].T).max(1) for part in parts]).mean())


def _near(chosen: Mask, heads: Sequence[str], numbers: Sequence[int]) -> Mask:
    """Slices that are among the chosen, or within `MARGIN` of one of the same head."""
    h, at = np.asarray(heads), np.asarray(numbers)
    close = (h[:, None] == h[chosen][None]) & (np.abs(at[:, None] - at[chosen][None]) <= MARGIN)
    return np.asarray(close.any(1))


def _mask(rows: NDArray[Any], n: int) -> Mask:
    found = np.zeros(n, bool)
    found[rows] = True
    return found
