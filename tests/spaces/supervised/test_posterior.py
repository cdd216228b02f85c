"""Similarity by the classes of neighbours; plain loops are in test_jrl.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.spaces.supervised import posterior
from commonspace.spaces.supervised.posterior import PosteriorSimilarity


def parts(n: int = 30, classes: int = 3) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, 4)), np.eye(classes)[rng.integers(0, classes, n)]


def test_between_two_anchors():
    anchors, targets = np.array([[0.0], [1.0]]), np.eye(2)
    got = PosteriorSimilarity([[0.25]], [[0.0], [1.0]], anchors, targets, 2)[0:1]
    p = [1 / (1 + np.exp(0.25)), 1 / (1 + np.exp(0.75))]
    q = [1 / (1 + np.exp(0.0)), 1 / (1 + np.exp(1.0))]
    expected = [p[0] * q[0] + p[1] * q[1], p[0] * q[1] + p[1] * q[0]]
    np.testing.assert_allclose(got, [np.array(expected) / sum(p) / sum(q)], atol=1e-12)


def test_an_anchor_of_several_classes_is_divided_among_them():
    got = PosteriorSimilarity([[0.0]], [[0.0]], np.array([[0.0]]), np.array([[1.0, 1.0, 0.0]]), 5)
    np.testing.assert_allclose(got[0:1], [[0.5]])


def test_blocks_give_the_same_and_shapes_are_told(monkeypatch: pytest.MonkeyPatch):
    anchors, targets = parts()
    queries, gallery = anchors[:11] + 0.1, anchors[5:] - 0.1
    whole = PosteriorSimilarity(queries, gallery, anchors, targets, 4)
    assert whole.shape == (11, 25)
    expected = whole[0:11]
    monkeypatch.setattr(posterior, "BLOCK", 3)
    small = PosteriorSimilarity(queries, gallery, anchors, targets, 4)
    np.testing.assert_array_equal(np.vstack([small[0:4], small[4:11]]), expected)
    assert (expected >= 0).all()
    assert (expected <= 1 + 1e-12).all()
    assert PosteriorSimilarity(queries[:0], gallery, anchors, targets, 4)[0:5].shape == (0, 25)


def test_vectors_far_from_all_anchors_still_have_neighbours():
    anchors, targets = parts()
    got = PosteriorSimilarity(anchors + 1e5, anchors, anchors, targets, 4)[0:30]
    assert np.isfinite(got).all()
    assert got.max() > 0.1


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (np.ones((2, 3)), r"queries: expected embeddings of shape \(n, 4\), got float64 of \(2, 3\)"),
        (np.ones(4), r"queries: expected embeddings of shape \(n, 4\)"),
        (np.full((1, 4), "a"), "queries: expected embeddings"),
        (np.full((1, 4), np.nan), "queries: expected finite numbers"),
    ],
)
def test_what_is_no_embedding_is_an_error(queries: Any, message: str):
    anchors, targets = parts()
    with pytest.raises(InputError, match=message):
        PosteriorSimilarity(queries, anchors, anchors, targets, 3)
