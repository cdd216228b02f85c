from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError
from commonspace.metrics import (
    CosineSimilarity,
    RowBlocks,
    SameLabel,
    SharedLabel,
    average_precisions,
    first_relevant_ranks,
    ndcg_per_query,
)

from .reference import untied

PER_QUERY: dict[str, Callable[..., NDArray[np.float64]]] = {
    "all": average_precisions,
    "cut": lambda scores, relevant, **options: average_precisions(scores, relevant, 10, "in_cut", **options),
    "ranks": first_relevant_ranks,
    "ndcg": ndcg_per_query,
}
METRICS = pytest.mark.parametrize("metric", PER_QUERY.values(), ids=PER_QUERY.keys())


class Recorder:
    """A matrix that notes how many rows were asked for at a time."""

    def __init__(self, matrix: NDArray[Any]) -> None:
        self.matrix, self.asked = matrix, list[int]()

    @property
    def shape(self) -> tuple[int, ...]:
        return self.matrix.shape

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        self.asked.append(rows.stop - rows.start)
        return self.matrix[rows]


@METRICS
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_do_not_depend_on_the_blocks(metric: Callable[..., NDArray[np.float64]], dtype: str):
    scores, relevant = untied(97, 60, 6, dtype)
    scores = np.round(scores, 1)  # some ties
    expected = metric(scores, relevant)
    for max_bytes in (1, 40_000, 2**40):
        np.testing.assert_array_equal(metric(scores, relevant, max_bytes=max_bytes), expected)


@METRICS
def test_a_bound_too_small_for_a_row_takes_one_row_at_a_time(metric: Callable[..., NDArray[np.float64]]):
    scores, relevant = (Recorder(matrix) for matrix in untied(9, 20, 3))
    metric(scores, relevant, max_bytes=1)
    assert scores.asked == relevant.asked == [1] * 9


def lazy_inputs() -> list[tuple[str, RowBlocks, RowBlocks]]:
    rng = np.random.default_rng(0)
    n, m = 3_000, 2_000
    queries, gallery = rng.standard_normal((n, 4)), rng.standard_normal((m, 4))
    one = SameLabel(np.zeros(n), np.zeros(m))  # everything relevant is the most work
    several = SharedLabel(np.ones((n, 3)), np.ones((m, 3)))
    return [
        ("float32", CosineSimilarity(queries.astype(np.float32), gallery.astype(np.float32)), one),
        ("float64", CosineSimilarity(queries, gallery), several),
    ]


@METRICS
@pytest.mark.parametrize(("name", "scores", "relevant"), lazy_inputs())
def test_memory_stays_within_max_bytes(
    metric: Callable[..., NDArray[np.float64]], name: str, scores: RowBlocks, relevant: RowBlocks
):
    max_bytes = 2**20  # the float32 scores alone would take 24 MB
    tracemalloc.start()
    try:
        metric(scores, relevant, max_bytes=max_bytes)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= max_bytes


@METRICS
def test_nan_scores_are_an_error_that_says_where(metric: Callable[..., NDArray[np.float64]]):
    scores, relevant = untied(9, 20, 3)
    scores[7, 4] = np.nan
    for max_bytes in (1, 2**20):
        with pytest.raises(InputError, match="NaN for query 7 and gallery item 4"):
            metric(scores, relevant, max_bytes=max_bytes)


@METRICS
@pytest.mark.parametrize(
    ("scores", "other", "message"),
    [
        (np.ones((2, 3)), np.ones((3, 2)), r"same shape, got \(2, 3\) and \(3, 2\)"),
        (np.ones(3), np.ones(3), r"scores must be a matrix.*shape \(3,\)"),
        ([[1.0]], np.ones((1, 1)), r"scores must be a matrix.*list"),
        (np.ones((2, 0)), np.ones((2, 0)), r"at least one query and one gallery item, got shape \(2, 0\)"),
        (np.ones((0, 2)), np.ones((0, 2)), r"at least one query and one gallery item, got shape \(0, 2\)"),
    ],
)
def test_wrong_shapes_are_an_error(metric: Callable[..., Any], scores: Any, other: Any, message: str):
    with pytest.raises(InputError, match=message):
        metric(scores, other)


@pytest.mark.parametrize("metric", [average_precisions, ndcg_per_query])
@pytest.mark.parametrize("k", [0, -1, 2.0, True])
def test_wrong_cuts_are_an_error(metric: Callable[..., Any], k: Any):
    with pytest.raises(ParameterError, match="k must be a whole number of at least 1"):
        metric(np.ones((1, 1)), np.ones((1, 1)), k)


@METRICS
@pytest.mark.parametrize("max_bytes", [0, -5, 1e6])
def test_a_wrong_bound_is_an_error(metric: Callable[..., Any], max_bytes: Any):
    with pytest.raises(ParameterError, match="max_bytes"):
        metric(np.ones((1, 1)), np.ones((1, 1)), max_bytes=max_bytes)


@pytest.mark.parametrize("metric", [average_precisions, first_relevant_ranks])
@pytest.mark.parametrize("relevant", [[[0.5, 1.0]], [[2, 0]], [["a", "b"]]])
def test_relevance_must_be_boolean_or_zeros_and_ones(metric: Callable[..., Any], relevant: Any):
    with pytest.raises(InputError, match="relevant must be boolean"):
        metric(np.ones((1, 2)), np.array(relevant))


def test_blocks_of_another_size_than_asked_for_are_an_error():
    class Short(Recorder):
        def __getitem__(self, rows: slice, /) -> NDArray[Any]:
            return self.matrix[:1]

    with pytest.raises(InputError, match=r"rows 0 to 3 must come as \(3, 2\)"):
        average_precisions(np.ones((3, 2)), Short(np.ones((3, 2))))
