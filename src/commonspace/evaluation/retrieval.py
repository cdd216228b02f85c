"""How well a space finds items across modalities."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import InputError
from commonspace.metrics import (
    SameItem,
    first_relevant_ranks,
    mean_average_precision,
    median_rank_from_ranks,
    recall_from_ranks,
)
from commonspace.metrics.labels import label_relevance
from commonspace.spaces import Space
from commonspace.spaces.parts import flatten_parts

from .report import Report


def evaluate(space: Space, data: Dataset, *, ks: Sequence[int] = (1, 5, 10)) -> Report:
    """Queries every modality with every other.

    Every part of an item is a query and every part of the other modality is in the gallery, the item's own included.
    By label, what carries the query's label (or shares one) is relevant; for recall, any part of the same item is.
    Similarities are computed in blocks of queries: memory does not grow with n x m.

    Args:
        space: A fitted space.
        data: The items, usually `data.split("test")`.
        ks: The cuts of Recall@K.

    Returns:
        A `Report`.

    Raises:
        NotFittedError: If the space is not fitted.
        InputError: If the data set has fewer than two of the space's modalities, or no item of one of them.

    Example:
        ```python
        report = evaluate(space, test)
        print(report)
        report.recall["text->image"][10]
        ```
    """
    views = data.views
    shared = {m: views[m] for m in space.modalities_ if m in views} if hasattr(space, "modalities_") else views
    embedded = space.transform(shared, time=data.time if space.tags.uses_time else None)
    if len(embedded) < 2:
        raise InputError(
            f"evaluate: {data.name} has {', '.join(data.modalities)}, the space {', '.join(space.modalities_)}; "
            "expected at least two in common."
        )
    for modality, embedding in embedded.items():
        if np.isnan(embedding).all():
            raise InputError(f"evaluate: no item of {data.name} has {modality}; expected some in the part evaluated.")
    labels = data.labels if _any_label(data.labels) else None
    report = Report(data.name, data.protocol, type(space).__name__, space.get_params(deep=False))
    for source, target in permutations(embedded, 2):
        direction = f"{source}->{target}"
        queries, query_item = flatten_parts(embedded[source])
        gallery, gallery_item = flatten_parts(embedded[target])
        scores = space.similarity_rows(queries, gallery)
        ranks = first_relevant_ranks(scores, SameItem(query_item, gallery_item))
        report.queries[direction], report.gallery[direction] = scores.shape
        report.recall[direction] = recall_from_ranks(ranks, list(ks))
        report.median_rank[direction] = median_rank_from_ranks(ranks)
        if labels is not None:
            report.map[direction] = mean_average_precision(
                scores, label_relevance(labels[query_item], labels[gallery_item])
            )
    return report


def _any_label(labels: NDArray[Any] | None) -> bool:
    """Whether any item is labelled; None and NaN are not."""
    if labels is None or labels.ndim == 2:
        return labels is not None and bool(labels.any())
    return any(label is not None and label == label for label in labels)
