from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchmetrics.functional.retrieval import retrieval_normalized_dcg

from commonspace.errors import InputError
from commonspace.metrics import ndcg, ndcg_per_query

from . import reference


def test_a_value_computed_by_hand():
    scores, gains = np.array([[0.9, 0.5, 0.1]]), np.array([[1, 0, 3]])
    assert ndcg(scores, gains) == pytest.approx((1 + 3 / 2) / (3 + 1 / math.log2(3)))
    assert ndcg(scores, gains, k=1) == pytest.approx(1 / 3)
    assert ndcg(scores, gains, k=50) == ndcg(scores, gains)


@given(reference.scores_and_grades(), st.none() | st.integers(1, 14))
def test_agrees_with_a_plain_loop(case: tuple[NDArray[Any], NDArray[np.int64]], k: int | None):
    scores, grades = case
    expected = [reference.ndcg(s, g, k) for s, g in zip(scores, grades, strict=True)]
    np.testing.assert_allclose(ndcg_per_query(scores, grades, k), expected)


@pytest.mark.parametrize("k", [None, 1, 10])
def test_agrees_with_torchmetrics_on_untied_scores(k: int | None):
    scores, _ = reference.untied(30, 100, 5)
    gains = np.random.default_rng(1).integers(0, 4, scores.shape)
    rows = zip(torch.from_numpy(scores), torch.from_numpy(gains), strict=True)
    expected = [float(retrieval_normalized_dcg(s, g, top_k=k)) for s, g in rows]
    np.testing.assert_allclose(ndcg_per_query(scores, gains, k), expected, rtol=1e-5)


def test_the_best_order_scores_one():
    gains = np.array([[0.5, 3.0, 0.0, 2.0]])
    assert ndcg(gains, gains) == pytest.approx(1.0)


def test_queries_without_gain_are_nan_and_left_out():
    scores, gains = np.array([[2.0, 1.0], [2.0, 1.0]]), np.array([[1, 0], [0, 0]])
    np.testing.assert_array_equal(ndcg_per_query(scores, gains), [1.0, math.nan])
    assert ndcg(scores, gains) == 1.0
    with pytest.raises(InputError, match="at least one query"):
        ndcg(scores, np.zeros_like(gains))


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_gains_out_of_range_are_an_error(wrong: float):
    with pytest.raises(InputError, match="gains must be finite"):
        ndcg(np.array([[1.0, 2.0]]), np.array([[1.0, wrong]]))


def test_gains_that_are_no_numbers_are_an_error():
    with pytest.raises(InputError, match="gains must be numbers"):
        ndcg(np.array([[1.0]]), np.array([["high"]]))
