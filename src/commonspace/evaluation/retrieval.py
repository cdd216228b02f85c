"""How well a space finds items across modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from commonspace.data import Dataset
from commonspace.errors import InputError
from commonspace.metrics import (
    average_precisions,
    first_relevant_ranks,
    median_rank_from_ranks,
    recall_from_ranks,
)
from commonspace.metrics.labels import any_label
from commonspace.spaces import Space
from commonspace.spaces.directions import directions, embed_each

from .correction import Correction
from .report import Report


def evaluate(
    space: Space,
    data: Dataset,
    *,
    ks: Sequence[int] = (1, 5, 10),
    hubness: str | None = None,
    hubness_options: Mapping[str, Any] | None = None,
    bank: Dataset | None = None,
) -> Report:
    """Queries every modality with every other.

    Every part of an item is a query and every part of the other modality is in the gallery, the item's own included.
    By label, what carries the query's label (or shares one) is relevant; for recall, any part of the same item is.
    Queries for which nothing in the gallery is relevant are left out, and the report counts the others. Similarities
    are computed in blocks of queries: memory does not grow with n x m.

    Args:
        space: A fitted space.
        data: The items, usually `data.split("test")`. Only the modalities of the space are encoded.
        ks: The cuts of Recall@K.
        hubness: "csls" or "inverted-softmax" (`commonspace.metrics.CSLS` and `InvertedSoftmax`) correct similarities
            for items that are near to everything. Without a `bank` that is transductive: the list of a query then
            depends on the other queries evaluated, and the report says so. None corrects nothing.
        hubness_options: Parameters of the correction: `{"k": 10}`, `{"beta": 30.0}`.
        bank: Other items, usually `data.split("train")`, whose queries tell hubs in place of those evaluated.

    Returns:
        A `Report`.

    Raises:
        NotFittedError: If the space is not fitted.
        InputError: If the data set has fewer than two of the space's modalities, no item of one of them, or neither
            labels nor items with two modalities; or if the bank lacks a modality.
        UnknownNameError: If `hubness` or an option of it is not known.
        ParameterError: If a cut or an option is out of its range, or there are options or a bank without `hubness`.

    Example:
        ```python
        report = evaluate(space, test)
        print(report)
        report.recall["text->image"][10]
        ```
    """
    if not isinstance(data, Dataset):
        raise InputError(f"evaluate: expected a Dataset, got {type(data).__name__}; Dataset(views) makes one of views.")
    check_is_fitted(space)
    correction = Correction(hubness, hubness_options, bank, space)
    known = [modality for modality in space.modalities_ if modality in data.modalities]
    if len(known) < 2:
        raise InputError(
            f"evaluate: {data.name} has {', '.join(data.modalities)}, the space {', '.join(space.modalities_)}; "
            "expected at least two in common."
        )
    views = {modality: data.view(modality) for modality in known}
    embedded = embed_each(space, views, time=data.time if space.tags.uses_time else None)
    for modality, embedding in embedded.items():
        if np.isnan(embedding).all():
            raise InputError(f"evaluate: no item of {data.name} has {modality}; expected some in the part evaluated.")
    labels = data.labels if any_label(data.labels) else None
    report = Report(
        data.name,
        data.protocol,
        data.part,
        type(space).__name__,
        space.get_params(deep=False),
        hubness=hubness,
        transductive=correction.transductive(data),
    )
    for direction in directions(space, embedded):
        name = direction.name
        scores = correction.scores(direction)
        report.gallery[name] = scores.shape[1]
        ranks = first_relevant_ranks(scores, direction.same_item())
        report.queries[name] = int(np.sum(~np.isnan(ranks)))
        if report.queries[name]:
            report.recall[name] = recall_from_ranks(ranks, list(ks))
            report.median_rank[name] = median_rank_from_ranks(ranks)
        if labels is not None:
            precisions = average_precisions(scores, direction.same_label(labels))
            report.map_queries[name] = int(np.sum(~np.isnan(precisions)))
            if report.map_queries[name]:
                report.map[name] = float(np.nanmean(precisions))
    if not report.recall and not report.map:
        raise InputError(
            f"evaluate: no item of {data.name} has two modalities, and no label is shared by two of them; "
            "there is nothing to measure by."
        )
    return report
