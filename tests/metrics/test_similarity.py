from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from commonspace.errors import InputError
from commonspace.metrics import CosineSimilarity, SameLabel, mean_average_precision, median_rank


@pytest.mark.parametrize(("dtype", "out"), [("float16", "f4"), ("float32", "f4"), ("float64", "f8"), ("int64", "f8")])
def test_blocks_equal_the_full_matrix(dtype: str, out: str):
    rng = np.random.default_rng(0)
    queries, gallery = (10 * rng.standard_normal((size, 8)) for size in (7, 11))
    queries, gallery = queries.astype(dtype), gallery.astype(dtype)
    lazy = CosineSimilarity(queries, gallery)
    assert lazy.shape == (7, 11)
    blocks = np.vstack([lazy[0:3], lazy[3:4], lazy[4:7]])
    assert blocks.dtype == np.dtype(out)
    expected = cosine_similarity(queries.astype(np.float64), gallery.astype(np.float64))
    np.testing.assert_allclose(blocks, expected, atol=1e-6 if out == "f4" else 1e-12)


def test_float64_on_either_side_gives_float64():
    assert CosineSimilarity(np.ones((1, 2), np.float32), np.ones((1, 2)))[0:1].dtype == np.float64


def test_a_zero_row_is_similar_to_nothing():
    lazy = CosineSimilarity(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(lazy[0:2], [[0, 0], [1, 0]])


def test_very_large_and_very_small_rows_keep_their_direction():
    queries = np.array([[3e38, 3e38], [1e-40, 1e-40]], np.float32)
    lazy = CosineSimilarity(queries, np.array([[1.0, 1.0], [1.0, 0.0]], np.float32))
    np.testing.assert_allclose(lazy[0:2], [[1, np.sqrt(0.5)]] * 2, rtol=1e-4)


def test_the_arrays_given_are_left_as_they_were():
    queries = np.array([[3.0, 4.0]], np.float32)
    CosineSimilarity(queries, queries)
    np.testing.assert_array_equal(queries, [[3.0, 4.0]])


def test_metrics_are_the_same_lazily_and_from_the_full_matrix():
    rng = np.random.default_rng(3)
    scores = CosineSimilarity(rng.standard_normal((60, 16)), rng.standard_normal((80, 16)))
    relevant = SameLabel(rng.integers(0, 4, 60), rng.integers(0, 4, 80))
    assert mean_average_precision(scores, relevant) == mean_average_precision(scores[0:60], relevant[0:60])
    assert median_rank(scores, relevant) == median_rank(scores[0:60], relevant[0:60])


@pytest.mark.parametrize(
    ("queries", "gallery", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "same width, got 3 and 4"),
        (np.ones(3), np.ones((2, 3)), "queries must be a numeric matrix"),
        (np.ones((2, 3)), np.full((2, 3), "a"), "gallery must be a numeric matrix"),
        (np.ones((1, 2)), np.array([[1.0, 1.0], [np.nan, 1.0]]), "gallery must be finite.*row 1"),
        (np.array([[np.inf, 1.0]]), np.ones((1, 2)), "queries must be finite"),
    ],
)
def test_wrong_vectors_are_an_error(queries: Any, gallery: Any, message: str):
    with pytest.raises(InputError, match=message):
        CosineSimilarity(queries, gallery)
