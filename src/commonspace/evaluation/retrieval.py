"""How well a space finds items across modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from commonspace.data import Dataset
from commonspace.errors import InputError
from commonspace.metrics import median_rank_from_ranks, recall_from_ranks
from commonspace.metrics.ranks import check_cuts
from commonspace.spaces import Space

from .correction import Correction
from .queries import QueryFigures, ask
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
    Queries for which nothing in the gallery is relevant are left out, and the report counts the others. Items are
    embedded and similarities computed in blocks: views may be memory-mapped, and memory does not grow with n x m.

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
    cuts = check_cuts(ks)  # before the long part
    correction = Correction(hubness, hubness_options, bank, space)
    report = summarise(space, data, ask(space, data, correction), ks=cuts)
    return replace(report, hubness=hubness, transductive=correction.transductive(data))


def summarise(
    space: Space, data: Dataset, figures: Mapping[str, QueryFigures], *, ks: Sequence[int] = (1, 5, 10)
) -> Report:
    """The report of what each query came to, as `evaluate` gives it.

    Args:
        space: The space that was measured.
        data: The items.
        figures: What `evaluate_queries` gave for them.
        ks: The cuts of Recall@K.

    Raises:
        InputError: If no query has anything right in the gallery.
        ParameterError: If a cut is below 1.

    Example:
        ```python
        from commonspace.evaluation import evaluate_queries

        figures = evaluate_queries(space, test)
        assert summarise(space, test, figures) == evaluate(space, test)
        ```
    """
    cuts = check_cuts(ks)
    report = Report(data.name, data.protocol, data.part, type(space).__name__, space.get_params(deep=False))
    for name, found in figures.items():
        report.gallery[name] = found.gallery
        report.queries[name] = int(np.sum(~np.isnan(found.rank)))
        if report.queries[name]:
            report.recall[name] = recall_from_ranks(found.rank, cuts)
            report.median_rank[name] = median_rank_from_ranks(found.rank)
        if found.average_precision is not None:
            report.map_queries[name] = int(np.sum(~np.isnan(found.average_precision)))
            if report.map_queries[name]:
                report.map[name] = float(np.nanmean(found.average_precision))
    if not report.recall and not report.map:
        raise InputError(
            f"evaluate: no item of {data.name} has two modalities, and no label is shared by two of them; "
            "there is nothing to measure by."
        )
    return report
