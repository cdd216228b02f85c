"""Whitening by a covariance, and the singular vectors that follow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Matrix = NDArray[np.float64]


class Whitening(ABC):
    """W (d, r) with W' S W = I for a covariance S of rank r, kept in the form that is cheapest to apply."""

    rank: int

    @abstractmethod
    def project(self, M: Matrix) -> Matrix:
        """W' M, (r, columns of M)."""

    @abstractmethod
    def weights(self, U: Matrix) -> Matrix:
        """W U, (d, columns of U)."""


class CholeskyWhitening(Whitening):
    """S = R' R of full rank, R upper triangular, W = R^-1: two triangular solves, nothing inverted."""

    def __init__(self, R: Matrix) -> None:
        self._R = R
        self.rank = len(R)

    def project(self, M: Matrix) -> Matrix:
        """R^-T M."""
        return np.asarray(linalg.solve_triangular(self._R, M, trans="T", check_finite=False))

    def weights(self, U: Matrix) -> Matrix:
        """R^-1 U."""
        return np.asarray(linalg.solve_triangular(self._R, U, check_finite=False))


class EigenWhitening(Whitening):
    """S = Q diag(l) Q', W = Q diag(l)^-1/2 over the eigenvalues that are not rounding."""

    def __init__(self, S: Matrix, eps: float) -> None:
        values, vectors = linalg.eigh(S)
        keep = values > max(values[-1], 0) * rounding(len(S), eps)
        self._W = np.asarray(vectors[:, keep] / np.sqrt(values[keep]))
        self.rank = self._W.shape[1]

    def project(self, M: Matrix) -> Matrix:
        """W' M."""
        return self._W.T @ M

    def weights(self, U: Matrix) -> Matrix:
        """W U."""
        return self._W @ U


def regularised(S: Matrix, ridge: float, d: int) -> Matrix:
    """S plus `ridge` times the mean variance of a view of d columns, on the diagonal."""
    out = S.copy(order="F")  # as LAPACK reads it
    out[np.diag_indices_from(out)] += ridge * np.trace(S) / d
    return out


def whitening(S: Matrix, eps: float) -> Whitening:
    """Cholesky where S is safely of full rank, else by eigenvalues, which costs some ten times more.

    Args:
        S: The covariance.
        eps: The precision of the products that S was summed from; finer than that, eigenvalues are rounding.
    """
    try:
        R = np.asarray(linalg.cholesky(S, check_finite=False))
    except linalg.LinAlgError:
        return EigenWhitening(S, eps)
    pivots = np.diag(R)
    safe = max(len(S) * np.sqrt(np.finfo(np.float64).eps), rounding(len(S), eps))
    return EigenWhitening(S, eps) if pivots.min() ** 2 < pivots.max() ** 2 * safe else CholeskyWhitening(R)


def rounding(d: int, eps: float) -> float:
    """The share of the largest eigenvalue of a (d, d) covariance below which there is nothing but rounding."""
    return float(10 * np.sqrt(d) * eps)


def leading_singular_vectors(T: Matrix, k: int) -> tuple[Matrix, NDArray[Any], Matrix]:
    """The k leading singular triplets of T (p, q): U (p, k), values (k,) descending, V (q, k).

    From the k leading eigenvectors of T'T, which is several times cheaper than all singular vectors; squaring costs
    small singular values their digits, so where there are such among the k, from T itself.
    """
    if T.shape[0] < T.shape[1]:
        V, values, U = leading_singular_vectors(T.T, k)
        return U, values, V
    q = T.shape[1]
    # SciPy's product, as the rest is SciPy's: NumPy brings threads of its own, and the two get in one another's way.
    _, V = linalg.eigh(linalg.blas.dsyrk(1.0, T.T, lower=True), subset_by_index=(q - k, q - 1))
    V = V[:, ::-1]
    projected = T @ V
    values = np.linalg.norm(projected, axis=0)
    if values[-1] > 1e-3 * values[0]:
        return projected / values, values, V
    U, values, Vt = linalg.svd(T, full_matrices=False)
    return U[:, :k], values[:k], Vt[:k].T
