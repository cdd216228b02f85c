from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from torchmetrics.retrieval import RetrievalMAP

from commonspace.errors import InputError, ParameterError
from commonspace.metrics import (
    average_precisions,
    mean_average_precision,
    mean_average_precision_at,
    mean_average_precision_in_cut,
)

from .reference import average_precision, scores_and_grades, untied

# Ranks 1, 2, 3, 4 hold: right, wrong, right, right.
SCORES = np.array([[0.9, 0.7, 0.5, 0.3]])
RELEVANT = np.array([[True, False, True, True]])


def test_a_value_computed_by_hand():
    assert mean_average_precision(SCORES, RELEVANT) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert mean_average_precision_at(SCORES, RELEVANT, 3) == pytest.approx((1 + 2 / 3) / 3)
    assert mean_average_precision_in_cut(SCORES, RELEVANT, 3) == pytest.approx((1 + 2 / 3) / 2)


def test_the_two_normalisations_differ_where_a_right_item_falls_behind_the_cut():
    scores, relevant = np.array([[3.0, 2.0, 1.0]]), np.array([[True, False, True]])
    assert mean_average_precision_in_cut(scores, relevant, 1) == 1.0
    assert mean_average_precision_at(scores, relevant, 1) == 0.5


def test_no_hit_within_the_cut_is_zero_under_both():
    scores, relevant = np.array([[3.0, 2.0, 1.0]]), np.array([[False, False, True]])
    assert mean_average_precision_at(scores, relevant, 2) == 0.0
    assert mean_average_precision_in_cut(scores, relevant, 2) == 0.0


def test_a_cut_beyond_the_gallery_takes_all_of_it():
    assert mean_average_precision_at(SCORES, RELEVANT, 99) == mean_average_precision(SCORES, RELEVANT)
    assert mean_average_precision_in_cut(SCORES, RELEVANT, 99) == mean_average_precision(SCORES, RELEVANT)


@given(scores_and_grades(), st.none() | st.integers(1, 14), st.booleans())
def test_agrees_with_a_plain_loop(case: tuple[NDArray[Any], NDArray[np.int64]], k: int | None, in_cut: bool):
    scores, grades = case
    found = average_precisions(scores, grades > 1, k, "in_cut" if in_cut else "all")
    expected = [average_precision(s, r, k, in_cut) for s, r in zip(scores, grades > 1, strict=True)]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_agrees_with_scikit_learn_on_untied_scores(dtype: str):
    scores, relevant = untied(50, 301, 7, dtype)
    expected = [average_precision_score(r, s) for s, r in zip(scores, relevant, strict=True)]
    np.testing.assert_allclose(average_precisions(scores, relevant), expected)


@pytest.mark.parametrize("k", [None, 1, 10, 200])
def test_agrees_with_torchmetrics_which_divides_by_the_hits_in_the_cut(k: int | None):
    scores, relevant = untied(40, 200, 5)
    other = RetrievalMAP(top_k=k)
    groups = torch.arange(40).repeat_interleave(200)
    other.update(torch.from_numpy(scores).flatten(), torch.from_numpy(relevant).flatten(), indexes=groups)
    expected = pytest.approx(float(other.compute()), rel=1e-5)  # it computes in float32
    if k is None:
        assert mean_average_precision(scores, relevant) == expected
    else:
        assert mean_average_precision_in_cut(scores, relevant, k) == expected


def test_queries_without_a_right_item_are_nan_and_left_out_of_the_mean():
    scores = np.vstack([SCORES, SCORES])
    relevant = np.vstack([RELEVANT, np.zeros_like(RELEVANT)])
    np.testing.assert_array_equal(np.isnan(average_precisions(scores, relevant)), [False, True])
    assert mean_average_precision(scores, relevant) == mean_average_precision(SCORES, RELEVANT)


def test_nothing_to_measure_is_an_error():
    with pytest.raises(InputError, match="at least one query"):
        mean_average_precision(SCORES, np.zeros_like(RELEVANT))


def test_an_unknown_normalisation_is_an_error():
    with pytest.raises(ParameterError, match="in_cut"):
        average_precisions(SCORES, RELEVANT, normalise="min")  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_only_the_order_of_scores_counts(dtype: str):
    scores, relevant = untied(20, 50, 4, dtype)
    expected = average_precisions(scores, relevant)
    for same_order in (scores * 1e20, np.log(scores), scores - 7, scores.astype(np.float64) ** 3):
        np.testing.assert_array_equal(average_precisions(same_order, relevant), expected)


def test_float64_scores_are_not_rounded_into_ties():
    scores = np.array([[1.0, 1.0 + 1e-12]])
    assert mean_average_precision(scores, np.array([[False, True]])) == 1.0
