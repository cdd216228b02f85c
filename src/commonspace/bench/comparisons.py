"""Spaces compared query by query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.evaluation import Comparison, holm, paired_bootstrap

from .results import Result, queries

CUTS = (1, 5, 10)
Queries = dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]]
"""Direction -> what each query came to, and the item it belongs to."""


def compare_all(folder: Path, results: Sequence[Result], reference: str) -> dict[str, Comparison]:
    """Each space against one of them, by the paired bootstrap over test items, corrected for their number by Holm.

    A query's figure is its average precision by label, or the mean of its hits among the first 1, 5 and 10, as the
    benchmark's goal is; the mean over seeds where these share a test split.

    Args:
        folder: Of the benchmark.
        results: Its results.
        reference: The class name of the space that the others are compared with.

    Returns:
        Class name -> comparison; without the reference, and empty where that was not measured.
    """
    figures = {result["space"]: _figures(folder, result) for result in results}
    if reference not in figures:
        return {}
    base = figures.pop(reference)
    found = {
        name: paired_bootstrap([own[d][0] for d in base], [base[d][0] for d in base], [base[d][1] for d in base])
        for name, own in figures.items()
    }
    corrected = holm([comparison.p for comparison in found.values()])
    return {name: replace(c, p=float(p)) for (name, c), p in zip(found.items(), corrected, strict=True)}


def _figures(folder: Path, result: Result) -> Queries:
    seeds = queries(folder, result)
    joined: Queries = {}
    for direction in result["recall"] or result["map"]:
        values = [_values(arrays, direction, result["goal"]) for arrays in seeds]
        items = [arrays[f"{direction}/item"].astype(np.int64) for arrays in seeds]
        if result["resplits"]:
            starts = np.cumsum([0, *(1 + of.max() for of in items[:-1])])
            joined[direction] = (
                np.concatenate(values),
                np.concatenate([of + s for of, s in zip(items, starts, strict=True)]),
            )
        else:
            joined[direction] = np.mean(values, axis=0), items[0]
    return joined


def _values(arrays: dict[str, NDArray[Any]], direction: str, goal: str) -> NDArray[np.float64]:
    if goal == "map":
        return arrays[f"{direction}/ap"].astype(np.float64)
    rank = arrays[f"{direction}/rank"].astype(np.float64)
    hits = np.mean([rank <= k for k in CUTS], axis=0)
    return np.where(np.isnan(rank), np.nan, hits)
