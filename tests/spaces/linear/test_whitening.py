from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.spaces.linear.whitening import (
    CholeskyWhitening,
    EigenWhitening,
    leading_singular_vectors,
    whitening,
)

EPS = float(np.finfo(np.float64).eps)


def covariance(eigenvalues: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    d = len(eigenvalues)
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
    S = Q * eigenvalues @ Q.T
    return np.asarray((S + S.T) / 2)


@pytest.mark.parametrize("kind", [CholeskyWhitening, EigenWhitening])
def test_both_kinds_whiten_and_apply_the_same_matrix(kind: type):
    S = covariance(np.linspace(0.5, 3, 6))
    R = np.asarray(np.linalg.cholesky(S).T)
    white = CholeskyWhitening(R) if kind is CholeskyWhitening else EigenWhitening(S, EPS)
    W = white.weights(np.eye(6))
    assert white.rank == 6
    np.testing.assert_allclose(W.T @ S @ W, np.eye(6), atol=1e-12)
    M = np.random.default_rng(1).standard_normal((6, 3))
    np.testing.assert_allclose(white.project(M), W.T @ M, atol=1e-12)


def test_full_rank_goes_the_fast_way_and_rank_deficiency_the_safe_one():
    assert isinstance(whitening(covariance(np.linspace(0.5, 3, 6)), EPS), CholeskyWhitening)
    for small in (0.0, 1e-15, 1e-12):
        assert isinstance(whitening(covariance(np.array([1, 1, 1, 1, 1, small])), EPS), EigenWhitening)


@pytest.mark.parametrize(("small", "eps", "rank"), [(0.0, EPS, 5), (1e-9, EPS, 6), (1e-9, 1e-7, 5), (1e-3, 1e-7, 6)])
def test_the_rank_counts_what_is_above_rounding(small: float, eps: float, rank: int):
    S = covariance(np.array([5, 4, 3, 2, 1, small]))
    white = whitening(S, eps)
    W = white.weights(np.eye(rank))
    assert white.rank == rank
    assert W.shape == (6, rank)
    np.testing.assert_allclose(W.T @ S @ W, np.eye(rank), atol=1e-5)


def test_nothing_has_rank_zero():
    assert whitening(np.zeros((4, 4)), EPS).rank == 0


@pytest.mark.parametrize("shape", [(7, 7), (9, 5), (5, 9), (6, 1), (1, 6)])
@pytest.mark.parametrize("smallest", [0.5, 1e-2, 1e-5, 1e-9, 0.0])
@pytest.mark.parametrize("share", [0.4, 1])
def test_leading_singular_vectors_are_those_of_the_decomposition(shape: tuple[int, int], smallest: float, share: float):
    p, q = shape
    r = min(shape)
    rng = np.random.default_rng(r)
    U0, V0 = (np.linalg.qr(rng.standard_normal((d, r)))[0] for d in shape)
    values0 = np.linspace(0.9, smallest, r)
    T, k = U0 * values0 @ V0.T, max(1, round(share * r))
    U, values, V = leading_singular_vectors(T, k)
    assert (U.shape, values.shape, V.shape) == ((p, k), (k,), (q, k))
    np.testing.assert_allclose(values, values0[:k], atol=1e-13)
    np.testing.assert_allclose(U.T @ U, np.eye(k), atol=1e-9)
    np.testing.assert_allclose(V.T @ V, np.eye(k), atol=1e-9)
    np.testing.assert_allclose(U.T @ T @ V, np.diag(values), atol=1e-12)
