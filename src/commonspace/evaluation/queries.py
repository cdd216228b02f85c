"""What every single query came to: what a report sums up, and what spaces are compared by query by query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from commonspace.data import Dataset
from commonspace.errors import InputError
from commonspace.metrics import average_precisions, first_relevant_ranks, interpolated_precisions
from commonspace.metrics.labels import any_label
from commonspace.spaces import Space
from commonspace.spaces.directions import Direction, directions

from .correction import Correction
from .embedding import embed_items


@dataclass(frozen=True)
class QueryFigures:
    """The queries of one direction.

    Attributes:
        gallery: The number of entries searched.
        item: (q,) the item each query belongs to, its row in the data set.
        rank: (q,) the rank of the best-placed part of the query's own item; NaN where it is not in the gallery.
        average_precision: (q,) by label; NaN for a query without label, None for a data set without.
        precision: (11,) interpolated precision at recall 0, .1 to 1, the mean over queries; None without labels, or
            where not asked for.
    """

    gallery: int
    item: NDArray[np.int64]
    rank: NDArray[np.float64]
    average_precision: NDArray[np.float64] | None
    precision: NDArray[np.float64] | None


def evaluate_queries(space: Space, data: Dataset) -> dict[str, QueryFigures]:
    """Asks as `evaluate` does, and keeps what each query came to; `summarise` makes a report of it.

    Args:
        space: A fitted space.
        data: The items.

    Returns:
        Direction, such as "image->text", -> its queries.

    Raises:
        NotFittedError: If the space is not fitted.
        InputError: As `evaluate` does.

    Example:
        ```python
        figures = evaluate_queries(space, test)["text->image"]
        figures.item[figures.rank > 10]  # what was not among the first ten
        ```
    """
    return ask(space, data, curves=True)


def ask(
    space: Space, data: Dataset, correction: Correction | None = None, *, curves: bool = False
) -> dict[str, QueryFigures]:
    """Every modality asks every other, with scores corrected; `curves` computes precision at each recall too."""
    if not isinstance(data, Dataset):
        raise InputError(f"evaluate: expected a Dataset, got {type(data).__name__}; Dataset(views) makes one of views.")
    embedded = embed_items(space, data, compared(space, data.modalities, data.name))
    check_there(embedded, data.name)
    labels = data.labels if any_label(data.labels) else None
    return {d.name: ask_direction(d, labels, correction, curves=curves) for d in directions(space, embedded)}


def ask_direction(
    direction: Direction, labels: NDArray[Any] | None, correction: Correction | None = None, *, curves: bool = False
) -> QueryFigures:
    """One modality, or some of its rows, asks another; `labels` are those of all items, None where there are none."""
    scores = direction.scores if correction is None else correction.scores(direction)
    precisions = curve = None
    if labels is not None:
        relevant = direction.same_label(labels)
        precisions = average_precisions(scores, relevant)
        if curves:
            curve = np.nanmean(interpolated_precisions(scores, relevant), axis=0)
    ranks = first_relevant_ranks(scores, direction.same_item())
    return QueryFigures(scores.shape[1], direction.query_item, ranks, precisions, curve)


def compared(space: Space, modalities: Sequence[str], name: str) -> list[str]:
    """The modalities that a fitted space and a data set have in common.

    Raises:
        NotFittedError: If the space is not fitted.
        InputError: If there are fewer than two.
    """
    check_is_fitted(space)
    known = [modality for modality in space.modalities_ if modality in modalities]
    if len(known) < 2:
        raise InputError(
            f"evaluate: {name} has {', '.join(modalities)}, the space {', '.join(space.modalities_)}; "
            "expected at least two in common."
        )
    return known


def check_there(embedded: Mapping[str, NDArray[np.float32]], name: str) -> None:
    """Raises where no item has one of the modalities."""
    for modality, embedding in embedded.items():
        if np.isnan(embedding).all():
            raise InputError(f"evaluate: no item of {name} has {modality}; expected some in the part evaluated.")
