"""Interpolated precision against plain loops and known values."""

from __future__ import annotations

import numpy as np
import pytest

from commonspace.metrics import interpolated_precisions
from commonspace.metrics.curves import LEVELS


def by_loops(scores: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    out = np.full((len(scores), 11), np.nan)
    for q in range(len(scores)):
        order = sorted(range(scores.shape[1]), key=lambda j: (-scores[q, j], j))
        hits = [bool(relevant[q, j]) for j in order]
        total = sum(hits)
        for i in range(11):
            at = [sum(hits[:r]) / r for r in range(1, len(hits) + 1) if total and 10 * sum(hits[:r]) >= i * total]
            if at:
                out[q, i] = max(at)
    return out


def test_a_list_that_one_can_check_by_hand():
    found = interpolated_precisions(np.array([[0.9, 0.8, 0.7, 0.6]]), np.array([[True, False, True, False]]))
    np.testing.assert_allclose(found[0], [1] * 6 + [2 / 3] * 5)


@pytest.mark.parametrize("max_bytes", [1, 10_000, 10**9])
def test_as_plain_loops_with_ties_and_queries_without_an_answer(max_bytes: int):
    rng = np.random.default_rng(0)
    scores, relevant = rng.integers(0, 6, (30, 23)).astype(np.float32), rng.random((30, 23)) < 0.2
    relevant[3] = False
    found = interpolated_precisions(scores, relevant, max_bytes=max_bytes)
    np.testing.assert_allclose(found, by_loops(scores, relevant))
    assert np.isnan(found[3]).all()


def test_it_never_rises_and_is_1_where_all_right_items_come_first():
    rng = np.random.default_rng(1)
    relevant = rng.random((20, 40)) < 0.3
    assert (np.diff(interpolated_precisions(rng.random((20, 40)), relevant), axis=1) <= 0).all()
    np.testing.assert_array_equal(interpolated_precisions(relevant.astype(np.float32), relevant), 1)
    assert len(LEVELS) == 11
