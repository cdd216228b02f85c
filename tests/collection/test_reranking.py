"""Hits scored anew."""

from __future__ import annotations

import numpy as np
import pytest

from commonspace.errors import InputError, ParameterError


@pytest.fixture
def filled(raw, rng):
    raw.add_vectors([str(i) for i in range(30)], rng.standard_normal((30, raw.dim)), modality="image")
    return raw


def test_the_candidates_come_in_the_order_of_their_new_scores(filled, rng):
    query = rng.standard_normal(filled.dim)
    plain = filled.search(vector=query, k=10)
    seen = []

    def backwards(asked, hits):
        seen.append((asked, [hit.id for hit in hits]))
        return [-hit.score for hit in hits]

    found = filled.search(vector=query, k=3, rerank=backwards, candidates=10)
    assert seen == [({}, [hit.id for hit in plain])]
    assert [hit.id for hit in found] == [hit.id for hit in plain[:-4:-1]]
    assert [hit.score for hit in found] == pytest.approx([-hit.score for hit in plain[:-4:-1]])


def test_equal_scores_leave_the_order_as_it_was_and_k_may_be_more_than_the_candidates(filled, rng):
    query = rng.standard_normal(filled.dim)
    found = filled.search(vector=query, k=8, rerank=lambda _, hits: [1.0] * len(hits), candidates=2)
    assert [hit.id for hit in found] == [hit.id for hit in filled.search(vector=query, k=8)]


@pytest.mark.parametrize("scores", [[1.0], [float("nan")] * 5])
def test_scores_that_are_none_are_refused(filled, rng, scores):
    with pytest.raises(InputError, match="rerank: expected a finite score for each of 5 hits"):
        filled.search(vector=rng.standard_normal(filled.dim), k=5, rerank=lambda *_: scores, candidates=5)


def test_bad_candidates_are_refused_and_nothing_found_is_nothing_scored(filled, rng):
    query = rng.standard_normal(filled.dim)
    with pytest.raises(ParameterError, match="candidates"):
        filled.search(vector=query, rerank=lambda *_: [], candidates=0)
    for k in (-1, 2.5):
        with pytest.raises(ParameterError, match="k: "):
            filled.search(vector=query, k=k, rerank=lambda _, hits: [1.0] * len(hits))
    filled.delete([str(i) for i in range(30)])
    assert filled.search(vector=query, rerank=lambda *_: np.ones(1)) == []
