"""Moments of views that would have to be copied to be aligned, which is done for some items at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.spaces.views import Rows, expand

from .preparation import Prepared
from .sample import Sample

ITEMS = 8192
"""Items that are copied in one go."""


def prepared_in_blocks(
    views: dict[str, NDArray[Any]], usable: Callable[[Rows], Rows], standardise: bool, max_rank: int | None
) -> Prepared | None:
    """What `prepare` makes of the usable rows of many items, of which no more than a block is copied.

    Items with parts are copied to be paired, and items that lack a modality to be left out; where there are neither,
    or no more than a block, views are looked at where they lie.

    Args:
        views: Modality -> (n, d) or (n, r, d).
        usable: The rows that there is something to learn from.
        standardise: As in `prepare`.
        max_rank: As in `prepare`.

    Returns:
        None where nothing need be copied, or a view goes by coordinates, which needs all rows.
    """
    n, dims = len(next(iter(views.values()))), {m: X.shape[-1] for m, X in views.items()}
    if n <= ITEMS or not any(X.ndim == 3 or np.isnan(X[:, 0]).any() for X in views.values()):
        return None
    if max_rank is not None and max_rank < max(dims.values()):
        return None
    sample = Sample([])
    for start in range(0, n, ITEMS):
        rows = usable(expand({m: X[start : start + ITEMS] for m, X in views.items()}))
        sample = sample.merged(Sample.of(rows.views))
    if any(1 < sample.count(m) < d for m, d in dims.items()):
        return None
    return Prepared.of_sample(sample, dims, standardise)
