"""Views with more columns than there are items, in the few coordinates that the items span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from sklearn.utils.extmath import randomized_svd

from .moments import Matrix


@dataclass(frozen=True)
class Coordinates:
    """A centred view X as `values` times orthonormal directions, and the way back.

    Attributes:
        values: (n, r) coordinates, r at most the rank of X.
        lift: (r, k) weights on the coordinates -> (d, k) weights on the columns of X that give the same projections.
    """

    values: Matrix
    lift: Lift


class Lift:
    """(d, r) orthonormal directions, kept in the form in which they were found."""

    def __init__(self, left: Matrix, right: Matrix | None = None) -> None:
        self._left, self._right = left, right

    def __call__(self, W: Matrix) -> Matrix:
        """(d, k) directions times (r, k) weights."""
        return np.asarray(self._left @ (W if self._right is None else self._right @ W))


def coordinates(view: Matrix, max_rank: int | None, eps: float) -> Coordinates:
    """Coordinates in the principal directions of a float64 view, without its (d, d) covariance.

    Exact, from the eigenvectors of the (n, n) products of rows, where n is at most `max_rank` or that is None: O(n^2 d)
    time, O(n d) memory. Else the leading `max_rank` directions by randomised singular value decomposition, whose random
    start is fixed (Halko, Martinsson and Tropp 2011): O(n d max_rank).

    Args:
        view: (n, d).
        max_rank: At most so many coordinates, or None.
        eps: The precision in which the view was given; directions of less than that are its rounding.
    """
    mean = view.mean(0)
    X = view - mean
    X[:, np.ptp(view, axis=0) == 0] = 0  # a column that never varies, to the last bit
    rounding = len(X) * max(float(np.finfo(np.float64).eps), 100 * eps**2)  # of squares
    if max_rank is not None and max_rank < min(X.shape):
        U, values, Vt = randomized_svd(X, max_rank, n_iter=4, random_state=0)
        keep = values**2 > values[0] ** 2 * rounding
        return Coordinates(U[:, keep] * values[keep], Lift(Vt[keep].T))
    squares, Q = linalg.eigh(X @ X.T)
    keep = squares > max(squares[-1], 0) * rounding
    lengths = np.sqrt(squares[keep])
    return Coordinates(Q[:, keep] * lengths, Lift(X.T, Q[:, keep] / lengths))
