from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError
from commonspace.metrics import (
    CSLS,
    CosineSimilarity,
    InvertedSoftmax,
    RowBlocks,
    SameItem,
    first_relevant_ranks,
    recall_at_k,
)

BOTH = pytest.mark.parametrize("correction", [CSLS, InvertedSoftmax])
Matrix = NDArray[np.float64]


def scores_of(n: int, m: int, seed: int = 0, dtype: str = "float64") -> Matrix:
    return np.tanh(np.random.default_rng(seed).standard_normal((n, m))).astype(dtype)


def whole(rows: RowBlocks) -> NDArray[Any]:
    return rows[0 : rows.shape[0]]


def looped_csls(S: Matrix, bank: Matrix, k: int) -> Matrix:
    out = np.empty(S.shape)
    for q in range(S.shape[0]):
        nearest_items = sorted((S[q, g] for g in range(S.shape[1])), reverse=True)[:k]
        for g in range(S.shape[1]):
            nearest_queries = sorted((bank[other, g] for other in range(bank.shape[0])), reverse=True)[:k]
            out[q, g] = (
                2 * S[q, g] - sum(nearest_items) / len(nearest_items) - sum(nearest_queries) / len(nearest_queries)
            )
    return out


def looped_inverted_softmax(S: Matrix, bank: Matrix, beta: float) -> Matrix:
    out = np.empty(S.shape)
    for q in range(S.shape[0]):
        for g in range(S.shape[1]):
            total = sum(math.exp(beta * bank[other, g]) for other in range(bank.shape[0]))
            out[q, g] = math.exp(beta * S[q, g]) / total
    return out


# The formulas


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("k", [1, 3, 10, 99])
@pytest.mark.parametrize("banked", [False, True])
def test_csls_is_the_formula(dtype: str, k: int, banked: bool):
    S, bank = scores_of(12, 15, dtype=dtype), scores_of(20, 15, seed=1, dtype=dtype)
    got = CSLS(S, k, bank=bank if banked else None)
    assert got.shape == S.shape
    np.testing.assert_allclose(
        whole(got), looped_csls(S, bank if banked else S, k), atol=1e-6 if dtype < "float6" else 1e-12
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("beta", [0.5, 30, np.float32(10)])
@pytest.mark.parametrize("banked", [False, True])
def test_the_inverted_softmax_is_the_formula(dtype: str, beta: float, banked: bool):
    S, bank = scores_of(12, 15, dtype=dtype), scores_of(20, 15, seed=1, dtype=dtype)
    got = InvertedSoftmax(S, beta, bank=bank if banked else None)
    assert got.shape == S.shape
    expected = looped_inverted_softmax(S.astype(float), (bank if banked else S).astype(float), float(beta))
    np.testing.assert_allclose(np.exp(whole(got)), expected, rtol=1e-9)


def test_probabilities_of_the_queries_sum_to_one():
    np.testing.assert_allclose(np.exp(whole(InvertedSoftmax(scores_of(9, 4)))).sum(0), 1)


def test_exponents_that_overflow_do_no_harm():
    S = 1000 * scores_of(9, 4)
    got = whole(InvertedSoftmax(S, 1e3, max_bytes=1))
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got.max(0), 0, atol=1e-9)


# Blocks


@BOTH
@pytest.mark.parametrize("banked", [False, True])
def test_results_do_not_depend_on_the_blocks(correction: Any, banked: bool):
    S, bank = scores_of(13, 7), scores_of(11, 7, seed=1) if banked else None
    expected = whole(correction(S, bank=bank))
    for rows in range(1, 14):
        got = correction(S, bank=bank, max_bytes=rows * 7 * 48)
        blocks = np.vstack([got[start : start + rows] for start in range(0, 13, rows)])
        if correction is CSLS:
            np.testing.assert_array_equal(blocks, expected)
        else:
            np.testing.assert_allclose(blocks, expected, rtol=1e-12, atol=1e-12)


@BOTH
@pytest.mark.parametrize("banked", [False, True])
def test_memory_stays_bounded(correction: Any, banked: bool):
    rng = np.random.default_rng(0)
    n, m = 3_000, 2_000  # the float64 scores would take 48 MB
    queries, gallery = (rng.standard_normal((size, 4)).astype(np.float32) for size in (n, m))
    bank = CosineSimilarity(queries[::-1], gallery) if banked else None
    scores, same = CosineSimilarity(queries, gallery), SameItem(np.arange(n), np.arange(m))
    tracemalloc.start()
    try:
        corrected = correction(scores, bank=bank, max_bytes=2**20)
        _, first = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        first_relevant_ranks(corrected, same, max_bytes=2**20)
        _, second = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    own = 3 * 10 * m * 8 if correction is CSLS else 4 * m * 8
    assert first <= 2**20 + own
    assert second <= 2**20 + own


@BOTH
def test_the_scores_given_are_left_as_they_were(correction: Any):
    S = scores_of(6, 5)
    before = S.copy()
    whole(correction(S))
    np.testing.assert_array_equal(S, before)


# What they are for


def test_what_is_added_to_an_item_changes_nothing_under_the_inverted_softmax():
    S = scores_of(12, 8)
    shifted = S + np.linspace(-2, 3, 8)
    np.testing.assert_allclose(whole(InvertedSoftmax(shifted)), whole(InvertedSoftmax(S)), atol=1e-12)


@BOTH
def test_the_order_of_queries_and_of_items_goes_with_them(correction: Any):
    S, rng = scores_of(12, 8), np.random.default_rng(3)
    rows, columns = rng.permutation(12), rng.permutation(8)
    np.testing.assert_allclose(
        whole(correction(S[rows][:, columns])), whole(correction(S))[rows][:, columns], atol=1e-12
    )


@BOTH
def test_a_planted_hub_is_no_longer_first_for_everyone(correction: Any):
    rng = np.random.default_rng(0)
    n, d = 60, 20
    common = rng.standard_normal(d)
    own = rng.standard_normal((n, d))
    queries = own + 1.5 * common + 0.3 * rng.standard_normal((n, d))
    gallery = own + 0.3 * rng.standard_normal((n, d))
    gallery[0] = common  # near to what all queries have in common
    scores = CosineSimilarity(queries, gallery)
    assert np.mean(whole(scores).argmax(1) == 0) > 0.9
    corrected = correction(scores)
    assert np.mean(whole(corrected).argmax(1) == 0) < 0.4
    same = SameItem(np.arange(n), np.arange(n))
    assert recall_at_k(corrected, same, [1])[1] > recall_at_k(scores, same, [1])[1] + 0.4


@BOTH
def test_with_a_bank_the_order_of_two_items_depends_on_no_other_query_or_item(correction: Any):
    S, bank = scores_of(12, 30), scores_of(25, 30, seed=1)
    banked, free = correction(S, bank=bank), correction(S)
    assert not banked.transductive
    assert free.transductive
    order = np.argsort(-whole(banked)[4][[3, 7, 20]])
    kept = [3, 7, 20]
    alone = correction(S[4:5][:, kept], bank=bank[:, kept])
    np.testing.assert_array_equal(np.argsort(-alone[0:1][0]), order)
    assert any(
        not np.array_equal(np.argsort(-correction(S[q : q + 1])[0:1][0]), np.argsort(-whole(free)[q]))
        for q in range(12)
    )


# Errors


@BOTH
@pytest.mark.parametrize(
    ("scores", "options", "error", "message"),
    [
        ([[1.0]], {}, InputError, "scores must be a matrix.*list"),
        (np.ones(3), {}, InputError, r"scores must be a matrix.*shape \(3,\)"),
        (np.ones((0, 3)), {}, InputError, "scores must hold at least one query"),
        (np.ones((2, 3)), {"bank": np.ones((0, 3))}, InputError, "bank must hold at least one query"),
        (np.ones((2, 3)), {"bank": np.ones(3)}, InputError, "bank must be a matrix"),
        (np.ones((2, 3)), {"bank": np.ones((2, 4))}, InputError, "bank must be of the same gallery.*4 items and 3"),
        (
            np.array([[1, 2], [np.nan, 3]]),
            {},
            InputError,
            "scores must be finite, got nan for query 1 and gallery item 0",
        ),
        (np.array([[1, -np.inf]]), {}, InputError, "scores must be finite, got -inf for query 0 and gallery item 1"),
        (np.ones((1, 2)), {"bank": np.array([[1, np.inf]])}, InputError, "bank must be finite"),
        (np.ones((1, 2)), {"max_bytes": 0}, ParameterError, "max_bytes"),
    ],
)
def test_wrong_input_is_an_error(correction: Any, scores: Any, options: Any, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        correction(scores, **options)


@pytest.mark.parametrize("k", [0, -1, 2.0, True, None])
def test_a_wrong_k_is_an_error(k: Any):
    with pytest.raises(ParameterError, match="k must be a whole number of at least 1"):
        CSLS(np.eye(2), k)


@pytest.mark.parametrize("beta", [0, -1.0, np.inf, np.nan, True, "hot", None])
def test_a_wrong_beta_is_an_error(beta: Any):
    with pytest.raises(ParameterError, match="beta must be a number above 0"):
        InvertedSoftmax(np.eye(2), beta)


@BOTH
def test_blocks_of_another_size_than_asked_for_are_an_error(correction: Any):
    class Short:
        shape = (3, 2)

        def __getitem__(self, rows: slice, /) -> NDArray[Any]:
            return np.ones((1, 2))

    with pytest.raises(InputError, match=r"rows 0 to 3 of scores must come as \(3, 2\), got \(1, 2\)"):
        correction(Short())
