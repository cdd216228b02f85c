"""The leading singular pair of a matrix that loses one pair after another."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from .moments import Matrix
from .whitening import leading_singular_vectors

SMALL = 64
"""Up to so many columns, all eigenvectors of the products cost no more than the search for one."""
STEPS = 300
"""The most steps of a search; the leading pair takes some fifty unless others are as large to five digits."""
STRIDE = 8
"""Steps between two looks at whether a search is done."""
STALE = 0.3
"""The share of its first value below which a leading singular value would suffer from the rounding of the products."""
RESIDUAL = 1e-10
"""Relative to the singular value: more than this and a pair is no pair."""
EPS = float(np.finfo(np.float64).eps)


class DeflatedMatrix:
    r"""C (p, q), of which $(I - p w^\top) C (I - v q^\top)$ is left again and again.

    The leading eigenvector of $G = C^\top C$ is found by Lanczos' iteration, O(q^2) a step where C itself would cost
    O(p q), and G follows C by changes of rank two. They round to the precision of the G there was at first, so that G
    is formed anew when its largest eigenvalue has fallen far below the first. What is found is checked against C; where
    it is no singular pair, the decomposition decides.

    Args:
        C: (p, q).
    """

    def __init__(self, C: Matrix) -> None:
        self._turned = C.shape[0] < C.shape[1]
        self._C = np.array(C.T if self._turned else C, order="F")
        self._start = np.random.default_rng(0).standard_normal(self._C.shape[1:])
        self._first = 0.0  # the largest value since G was formed
        self._form()

    def leading(self) -> tuple[Matrix, float, Matrix]:
        """The left singular vector (p,), the largest singular value, and the right one (q,)."""
        u, value, v = self._search()
        if value < STALE * self._first:
            self._form()
            u, value, v = self._search()
        self._first = max(self._first, value)
        if np.linalg.norm(self._C.T @ u - value * v) > RESIDUAL * value:
            u, value, v = self._decomposed()
        return (v, value, u) if self._turned else (u, value, v)

    def deflate(self, left: tuple[Matrix, Matrix], right: tuple[Matrix, Matrix]) -> None:
        """Leaves (I - p w') C (I - v q') for left (w, p) and right (v, q)."""
        (w, p), (v, q) = (right, left) if self._turned else (left, right)
        lost = self._C.T @ w
        # (C - p lost')' (C - p lost') = G - lost (C'p)' - (C'p) lost' + (p'p) lost lost', and so for the other side.
        self._change(lost, self._C.T @ p - (p @ p / 2) * lost)
        self._C = linalg.blas.dger(-1.0, p, lost, a=self._C, overwrite_a=True)
        lost = self._C @ v
        self._change(q, self._C.T @ lost - (lost @ lost / 2) * q)
        self._C = linalg.blas.dger(-1.0, lost, q, a=self._C, overwrite_a=True)

    def _form(self) -> None:
        """G from C; one triangle is filled."""
        self._G: Matrix = linalg.blas.dsyrk(1.0, self._C, trans=True, lower=True)
        self._first = 0.0

    def _change(self, a: Matrix, b: Matrix) -> None:
        """G - a b' - b a'."""
        self._G = linalg.blas.dsyr2(-1.0, a, b, lower=True, a=self._G, overwrite_a=True)

    def _search(self) -> tuple[Matrix, float, Matrix]:
        v = leading_eigenvector(self._G, self._start) if len(self._G) > SMALL else None
        if v is None:
            return self._decomposed()
        u = self._C @ v
        value = float(np.linalg.norm(u))
        return (u / value, value, v) if value > 0 else self._decomposed()

    def _decomposed(self) -> tuple[Matrix, float, Matrix]:
        U, values, V = leading_singular_vectors(self._C, 1)
        return U[:, 0], float(values[0]), V[:, 0]


def leading_eigenvector(G: Matrix, start: Matrix) -> Matrix | None:
    """The eigenvector of the largest eigenvalue of a positive semidefinite matrix, by Lanczos' iteration.

    The vectors are kept orthogonal to the last bit, so that nothing is found twice and nothing is lost.

    Args:
        G: (q, q), of which the lower triangle is read.
        start: (q,) a vector that is not orthogonal to what is looked for.

    Returns:
        (q,) of length 1 and as exact as G allows; None if that would take more than `STEPS` steps.
    """
    most = min(STEPS, len(G))
    V = np.empty((len(G), most), order="F")
    diagonal, beside = np.empty(most), np.empty(most)
    v = start / np.linalg.norm(start)
    for j in range(most):
        V[:, j] = v
        known = V[:, : j + 1]
        w = linalg.blas.dsymv(1.0, G, v, lower=True)
        diagonal[j] = v @ w
        w -= known @ (known.T @ w)
        w -= known @ (known.T @ w)
        beside[j] = np.linalg.norm(w)
        ended = beside[j] <= EPS * diagonal[: j + 1].max()
        if ended or (j + 1) % STRIDE == 0 or j + 1 == most:
            last: tuple[int, int] = (j, j)
            value, s = linalg.eigh_tridiagonal(diagonal[: j + 1], beside[:j], select="i", select_range=last)
            if ended or beside[j] * abs(s[-1, 0]) <= EPS * value[0]:
                found = known @ s[:, 0]
                return np.asarray(found / np.linalg.norm(found))
        v = w / beside[j]
    return None
