from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError
from commonspace.metrics import (
    SameItem,
    first_relevant_ranks,
    median_rank,
    median_rank_from_ranks,
    recall_at_k,
    recall_from_ranks,
)

from .reference import first_rank, scores_and_grades


@given(scores_and_grades())
def test_agrees_with_a_plain_loop(case: tuple[NDArray[Any], NDArray[np.int64]]):
    scores, grades = case
    expected = [first_rank(s, r) for s, r in zip(scores, grades > 1, strict=True)]
    np.testing.assert_array_equal(first_relevant_ranks(scores, grades > 1), expected)


@given(scores_and_grades())
def test_items_that_are_told_by_number_rank_as_those_told_by_a_matrix(case: tuple[NDArray[Any], NDArray[np.int64]]):
    scores, grades = case
    relevant = SameItem(grades[:, 0], grades[0])
    dense = relevant[0 : len(scores)]
    np.testing.assert_array_equal(
        first_relevant_ranks(scores, relevant, max_bytes=200), [*map(first_rank, scores, dense)]
    )


def test_values_computed_by_hand():
    scores = np.array([[0.1, 0.9, 0.5], [0.1, 0.9, 0.5], [0.1, 0.9, 0.5], [0.1, 0.9, 0.5]])
    relevant = np.array([[1, 0, 0], [0, 1, 1], [0, 0, 1], [0, 0, 1]])
    np.testing.assert_array_equal(first_relevant_ranks(scores, relevant), [3, 1, 2, 2])
    assert recall_at_k(scores, relevant, (1, 2, 3)) == {1: 0.25, 2: 0.75, 3: 1.0}
    assert median_rank(scores, relevant) == 2.0


def test_ties_go_to_the_lower_index():
    scores = np.array([[0.5, 0.5, 0.5]])
    assert first_relevant_ranks(scores, np.array([[False, True, True]])) == [2]
    assert first_relevant_ranks(scores, np.array([[True, False, False]])) == [1]


def test_right_items_at_minus_infinity_come_after_wrong_ones_there():
    scores = np.array([[-np.inf, -np.inf, 0.0]], np.float32)
    assert first_relevant_ranks(scores, np.array([[False, True, False]])) == [3]


def five_captions() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Image x caption scores of two images with five captions each; only caption 4 is nearer to the wrong image."""
    images, captions = np.arange(2), np.repeat(np.arange(2), 5)
    scores = np.array(
        [
            [0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 0.1, 0.1, 0.1, 0.1],
            [0.1, 0.1, 0.1, 0.1, 0.7, 0.8, 0.2, 0.3, 0.4, 0.5],
        ]
    )
    return scores, images, captions


def test_five_captions_from_image_to_text_count_any_hit_and_not_the_share_of_them():
    scores, images, captions = five_captions()
    relevant = SameItem(images, captions)
    # Image 0 finds a caption of image 1 first and its own caption 4 second; image 1 its own caption 5 first.
    np.testing.assert_array_equal(first_relevant_ranks(scores, relevant), [2, 1])
    assert recall_at_k(scores, relevant, [1, 2]) == {1: 0.5, 2: 1.0}


def test_five_captions_from_text_to_image_make_every_caption_a_query():
    scores, images, captions = five_captions()
    relevant = SameItem(captions, images)
    assert relevant.shape == (10, 2)
    # Captions 4 and 5 prefer the wrong image.
    np.testing.assert_array_equal(first_relevant_ranks(scores.T, relevant), [1, 1, 1, 1, 2, 2, 1, 1, 1, 1])
    assert recall_at_k(scores.T, relevant, [1, 2]) == {1: 0.8, 2: 1.0}


def test_queries_without_a_right_item_are_nan_and_left_out():
    scores, relevant = np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[True, False], [False, False]])
    ranks = first_relevant_ranks(scores, relevant)
    np.testing.assert_array_equal(ranks, [2, math.nan])
    assert recall_from_ranks(ranks, [1, 2]) == {1: 0.0, 2: 1.0}
    assert median_rank(scores, relevant) == 2.0
    with pytest.raises(InputError, match="at least one query"):
        recall_at_k(scores, np.zeros_like(relevant), [1])


def test_infinite_ranks_are_misses():
    assert recall_from_ranks([1, math.inf], [10]) == {10: 0.5}
    assert median_rank_from_ranks([1, 3, math.inf]) == 3.0


def test_the_median_lies_between_two_ranks_of_an_even_number():
    assert median_rank_from_ranks([1, 2, 4, 100]) == 3.0


@pytest.mark.parametrize("ks", [[], [0], [5, -1], [2.5], 5])
def test_wrong_cuts_are_an_error(ks: Any):
    with pytest.raises(ParameterError, match="ks"):
        recall_from_ranks([1, 2], ks)
    with pytest.raises(ParameterError, match="ks"):
        recall_at_k(np.array([[1.0]]), np.array([[True]]), ks)


@pytest.mark.parametrize("ranks", [[0, 1], [[1, 2]], [math.nan]])
def test_wrong_ranks_are_an_error(ranks: Any):
    with pytest.raises(InputError, match=r"rank|at least one query"):
        median_rank_from_ranks(ranks)
