"""The definitions as plain Python loops, and the random inputs that the tests share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray


def order(scores: NDArray[Any]) -> list[int]:
    values = scores.tolist()  # as Python numbers, whose negation does not overflow
    return sorted(range(len(values)), key=lambda i: (-values[i], i))


def average_precision(
    scores: NDArray[Any], relevant: NDArray[Any], k: int | None = None, in_cut: bool = False
) -> float:
    if not any(relevant):
        return math.nan
    hits, total = 0, 0.0
    for rank, item in enumerate(order(scores)[:k], start=1):
        if relevant[item]:
            hits += 1
            total += hits / rank
    divisor = hits if in_cut else sum(map(bool, relevant))
    return total / divisor if divisor else 0.0


def first_rank(scores: NDArray[Any], relevant: NDArray[Any]) -> float:
    return next((rank for rank, item in enumerate(order(scores), start=1) if relevant[item]), math.nan)


def ndcg(scores: NDArray[Any], gains: NDArray[Any], k: int | None = None) -> float:
    def dcg(ranked: list[float]) -> float:
        return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(ranked[:k], start=1))

    ideal = dcg(sorted(gains.tolist(), reverse=True))
    return dcg([gains[i] for i in order(scores)]) / ideal if ideal else math.nan


SCORE_TYPES = ("float16", "float32", "float64", "int8", "int64", "uint64")


@st.composite
def scores_and_grades(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Scores from few values, so that ties abound (both zeros and both infinities among them), and grades 0 to 3."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 12)))
    dtype = np.dtype(draw(st.sampled_from(SCORE_TYPES)))
    values = {
        "f": st.sampled_from([-math.inf, -1.5, -0.0, 0.0, 0.25, 1.0, math.inf]),
        "i": st.sampled_from([np.iinfo(np.int8).min, -1, 0, 3]),
        "u": st.sampled_from([0, 1, 2**63, 2**64 - 1]),
    }[dtype.kind]
    scores = draw(hnp.arrays(np.float64 if dtype.kind == "f" else dtype, shape, elements=values)).astype(dtype)
    return scores, draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 3)))


def untied(
    n: int, m: int, classes: int, dtype: str = "float32", seed: int = 0
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Scores above 0 without ties in any row, and relevance by label; every query has a relevant item."""
    rng = np.random.default_rng(seed)
    scores = rng.permuted(np.tile(np.arange(1, m + 1), (n, 1)), axis=1) / m
    gallery = np.arange(m) % classes
    return scores.astype(dtype), rng.integers(0, classes, n)[:, None] == gallery
