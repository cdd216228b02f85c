"""A data set embedded some items at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.spaces import Space
from commonspace.spaces.directions import embed_each

ITEMS = 8192
"""Items whose views are in memory at one time, where they are memory-mapped."""


def embed_items(space: Space, data: Dataset, modalities: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Each modality embedded by itself; see `embed_each`.

    Args:
        space: A fitted space.
        data: The items.
        modalities: Those to embed.

    Returns:
        Modality -> (n, k) or (n, r, k).
    """
    time = data.time if space.tags.uses_time else None
    if len(data) <= ITEMS:
        return embed_each(space, {m: data.view(m) for m in modalities}, time=time)
    out: dict[str, NDArray[np.float32]] = {}
    start = 0
    for views in data.batches(rows=ITEMS, modalities=modalities):
        stop = start + len(next(iter(views.values())))
        for m, rows in embed_each(space, views, time=None if time is None else time[start:stop]).items():
            if m not in out:
                out[m] = np.empty((len(data), *rows.shape[1:]), rows.dtype)
            out[m][start:stop] = rows
        start = stop
    return out
