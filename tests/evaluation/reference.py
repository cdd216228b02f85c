"""Retrieval across two modalities as plain Python loops over vectors, one at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

Part = tuple[int, NDArray[Any]]


def parts_of(view: NDArray[Any]) -> list[Part]:
    """(item, vector) of every part that is there."""
    return [
        (i, part)
        for i, entry in enumerate(view)
        for part in (entry if entry.ndim == 2 else entry[None])
        if not np.isnan(part).any()
    ]


def rankings(queries: Sequence[Part], gallery: Sequence[Part]) -> list[tuple[int, list[int]]]:
    """Per query its item and the items of the gallery in descending order of cosine."""

    def cosine(a: NDArray[Any], b: NDArray[Any]) -> float:
        return float(sum(a * b)) / math.sqrt(float(sum(a * a)) * float(sum(b * b)))

    return [
        (item, [gallery[j][0] for j in sorted(range(len(gallery)), key=lambda j: -cosine(vector, gallery[j][1]))])
        for item, vector in queries
    ]


def mean_average_precision(ranked: list[tuple[int, list[int]]], right: Callable[[int, int], bool]) -> float:
    values = []
    for item, order in ranked:
        hits = [rank for rank, other in enumerate(order, 1) if right(item, other)]
        if hits:
            values.append(mean(count / rank for count, rank in enumerate(hits, 1)))
    return mean(values)


def first_ranks(ranked: list[tuple[int, list[int]]]) -> list[int]:
    """Rank of the first part of the query's own item; queries whose item is not in the gallery are left out."""
    return [order.index(item) + 1 for item, order in ranked if item in order]


def recall(ranked: list[tuple[int, list[int]]], k: int) -> float:
    return mean(rank <= k for rank in first_ranks(ranked))


def median_rank(ranked: list[tuple[int, list[int]]]) -> float:
    return float(median(first_ranks(ranked)))
