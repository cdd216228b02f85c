"""What every single query came to, for comparisons of spaces query by query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.metrics import average_precisions, first_relevant_ranks, interpolated_precisions
from commonspace.metrics.labels import any_label
from commonspace.spaces import Space
from commonspace.spaces.directions import directions, embed_each


@dataclass(frozen=True)
class QueryFigures:
    """The queries of one direction.

    Attributes:
        item: (q,) the item each query belongs to, its row in the data set.
        rank: (q,) the rank of the best-placed part of the query's own item; NaN where it is not in the gallery.
        average_precision: (q,) by label; NaN for a query without label, None for a data set without.
        precision: (11,) interpolated precision at recall 0, .1 to 1, the mean over queries; None without labels.
    """

    item: NDArray[np.int64]
    rank: NDArray[np.float64]
    average_precision: NDArray[np.float64] | None
    precision: NDArray[np.float64] | None


def evaluate_queries(space: Space, data: Dataset) -> dict[str, QueryFigures]:
    """Asks as `evaluate` does, and keeps what each query came to.

    Args:
        space: A fitted space.
        data: The items.

    Returns:
        Direction, such as "image->text", -> its queries.
    """
    views = {m: data.view(m) for m in space.modalities_ if m in data.modalities}
    embedded = embed_each(space, views, time=data.time if space.tags.uses_time else None)
    labels = data.labels if any_label(data.labels) else None
    figures = {}
    for direction in directions(space, embedded):
        precisions = curve = None
        if labels is not None:
            relevant = direction.same_label(labels)
            precisions = average_precisions(direction.scores, relevant)
            curve = np.nanmean(interpolated_precisions(direction.scores, relevant), axis=0)
        ranks = first_relevant_ranks(direction.scores, direction.same_item())
        figures[direction.name] = QueryFigures(direction.query_item, ranks, precisions, curve)
    return figures
