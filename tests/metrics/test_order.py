from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.metrics.order import as_sortable, descending_order, relevance_in_order

from .reference import order, scores_and_grades


@given(scores_and_grades(), st.integers(1, 12))
def test_every_type_of_score_follows_the_plain_rule(case: tuple[NDArray[Any], NDArray[np.int64]], k: int):
    scores, grades = case
    k = min(k, scores.shape[1])
    expected = np.array([order(row)[:k] for row in scores])
    sortable = as_sortable(scores)
    np.testing.assert_array_equal(descending_order(sortable, k), expected)
    np.testing.assert_array_equal(
        relevance_in_order(sortable, grades > 0, k), np.take_along_axis(grades > 0, expected, axis=1)
    )


@given(hnp.arrays(np.float32, (1, 20), elements=st.floats(width=32, allow_nan=False)))
def test_any_32_bit_float_is_ordered_as_in_64_bits(scores: NDArray[np.float32]):
    np.testing.assert_array_equal(descending_order(scores, 20), descending_order(scores.astype(np.float64), 20))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_equal_scores_are_ordered_by_index(dtype: str):
    scores = np.array([[1, 2, 1, 2, 2, 0]], dtype)
    np.testing.assert_array_equal(descending_order(scores, 6), [[1, 3, 4, 0, 2, 5]])
    np.testing.assert_array_equal(descending_order(scores, 4), [[1, 3, 4, 0]])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_minus_zero_ties_with_zero(dtype: str):
    scores = as_sortable(np.array([[-0.0, 0.0, -0.0, 0.0]], dtype))
    np.testing.assert_array_equal(descending_order(scores, 4), [[0, 1, 2, 3]])


def test_a_long_row_of_ties_among_64_bit_scores_keeps_its_order():
    scores = np.tile(np.array([0.5, 0.25]), (3, 5_000))  # long enough for the default sort to shuffle ties
    expected = [*range(0, 10_000, 2), *range(1, 10_000, 2)]
    np.testing.assert_array_equal(descending_order(scores, 10_000), [expected] * 3)


def test_the_scores_given_are_left_as_they_were():
    for dtype in ("float32", "float64"):
        scores = np.array([[0.5, -0.0, 2.0]], dtype)
        kept = scores.copy()
        relevance_in_order(scores, np.array([[True, False, True]]), 2)
        np.testing.assert_array_equal(scores, kept)


@pytest.mark.parametrize("scores", [np.array([[1j]]), np.array([["a"]]), np.array([[None]])])
def test_scores_that_have_no_order_are_an_error(scores: NDArray[Any]):
    with pytest.raises(InputError, match="real numbers"):
        as_sortable(scores)
