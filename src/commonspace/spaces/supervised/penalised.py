"""Least squares with a group-sparse penalty, by iterative reweighting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

SMOOTHING = 1e-6
"""A norm is taken as sqrt(|p|^2 + SMOOTHING^2), which has a derivative at zero as well."""


class GroupNorm:
    """The sum over groups g of sqrt(size of g) ||P^(g)||_F, smoothed, for P with d rows.

    Args:
        groups: (d,) the group of each row; of anything that can be told apart.
    """

    def __init__(self, groups: Sequence[Any] | NDArray[Any]) -> None:
        _, self._of_row = np.unique(np.asarray(groups), return_inverse=True)
        self._weights = np.sqrt(np.bincount(self._of_row))

    def value(self, P: NDArray[np.float64]) -> float:
        """The penalty at (d, c)."""
        return float(self._weights @ self._norms(P))

    def ridge(self, P: NDArray[np.float64]) -> NDArray[np.float64]:
        """(d,) r such that sum_i r_i |p_i|^2, up to a constant, touches the penalty at P and is nowhere below it."""
        of_group: NDArray[np.float64] = self._weights / (2 * self._norms(P))
        return of_group[self._of_row]

    def dual(self, G: NDArray[np.float64]) -> float:
        """The least multiple of the penalty that holds every group at zero against a gradient G, (d, c)."""
        return float(np.max(np.sqrt(self._squares(G)) / self._weights))

    def _norms(self, P: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sqrt(self._squares(P) + SMOOTHING**2)

    def _squares(self, P: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(self._of_row, np.square(P).sum(1)).astype(np.float64, copy=False)


class Quadratic:
    """P -> tr(P' B'KB P) for P with d rows, and what minimises it together with a linear term and a ridge.

    Where d > n, systems are n x n; no d x d matrix exists.

    Args:
        B: (n, d).
        K: (n, n) positive semidefinite, an array or a SciPy sparse matrix; None is the identity.
    """

    def __init__(self, B: NDArray[np.float64], K: Any = None) -> None:
        self._B, self._K = B, K
        n, d = B.shape
        self._gram = self._product(B) if d <= n else None
        self._basis_and_inverse: tuple[NDArray[Any], NDArray[Any]] | None = None

    def minimiser(self, ridge: NDArray[np.float64], T: NDArray[np.float64]) -> NDArray[np.float64]:
        """(d, c) P that minimises tr(P'B'KBP) - 2 tr(T'BP) + sum_i ridge_i |p_i|^2; without a ridge the shortest.

        Args:
            ridge: (d,), all positive or all zero.
            T: (n, c).
        """
        if not ridge.any():
            return self._shortest(T)
        # In the variables sqrt(ridge) P the ridge is the identity, so that rows near zero do no harm.
        half = 1 / np.sqrt(ridge)[:, None]
        if self._gram is not None:
            return half * _solve_positive(half * self._gram * half.T, half * (self._B.T @ T))
        scaled = self._B * half.T
        inner = scaled @ scaled.T
        if self._K is None:
            return np.asarray(half * (scaled.T @ _solve_positive(inner, T)))
        inner = self._K @ inner
        inner[np.diag_indices_from(inner)] += 1
        return np.asarray(half * (scaled.T @ np.linalg.solve(inner, T)))

    def _shortest(self, T: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._basis_and_inverse is None:
            self._basis_and_inverse = self._invert()
        basis, inverse = self._basis_and_inverse
        return np.asarray(basis @ (inverse @ (basis.T @ (self._B.T @ T))))

    def _invert(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """A basis of the rows of B, and the pseudoinverse of the quadratic form in it."""
        if self._gram is not None:
            return np.eye(len(self._gram)), linalg.pinvh(self._gram)
        basis = linalg.qr(self._B.T, mode="economic")[0]
        return basis, linalg.pinvh(self._product(self._B @ basis))

    def _product(self, B: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(B.T @ (B if self._K is None else self._K @ B))


def _solve_positive(S: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """The solution of (S + I) x = right for S positive semidefinite; S is overwritten."""
    S[np.diag_indices_from(S)] += 1
    try:
        return np.asarray(linalg.cho_solve(linalg.cho_factor(S), right))
    except linalg.LinAlgError:  # S so large that adding 1 to it changes nothing
        return np.asarray(linalg.pinvh(S) @ right)
