"""Means and covariances of two aligned views, block by block of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 4096
"""Rows per block: large enough for BLAS, small enough that products in float32 lose nothing that matters."""


@dataclass(frozen=True)
class Moments:
    """What linear methods need of n aligned rows X (n, p) and Z (n, q), in float64.

    Attributes:
        n: The number of rows.
        mean_x: (p,) column means.
        mean_z: (q,) column means.
        sxx: (p, p) covariance of X, divided by n - 1.
        szz: (q, q) covariance of Z.
        sxz: (p, q) cross-covariance.
    """

    n: int
    mean_x: NDArray[np.float64]
    mean_z: NDArray[np.float64]
    sxx: NDArray[np.float64]
    szz: NDArray[np.float64]
    sxz: NDArray[np.float64]


def centred_moments(X: NDArray[Any], Z: NDArray[Any]) -> Moments:
    """Covariances of centred data; the products keep the input's precision, their sums are float64.

    Centring comes before the products: products of raw float32 columns whose mean is many standard deviations from
    zero would lose the covariance to rounding.
    """
    n = len(X)
    mean_x, mean_z = column_means(X), column_means(Z)
    sxx = np.zeros((X.shape[1], X.shape[1]))
    szz = np.zeros((Z.shape[1], Z.shape[1]))
    sxz = np.zeros((X.shape[1], Z.shape[1]))
    for start in range(0, n, BLOCK):
        x = X[start : start + BLOCK] - mean_x.astype(X.dtype)
        z = Z[start : start + BLOCK] - mean_z.astype(Z.dtype)
        sxx += x.T @ x
        szz += z.T @ z
        sxz += x.T @ z
    return Moments(n, mean_x, mean_z, sxx / (n - 1), szz / (n - 1), sxz / (n - 1))


def column_means(X: NDArray[Any]) -> NDArray[np.float64]:
    """(p,) means, counted from the first row: that of a column that never varies is its value to the last bit."""
    sums = np.zeros(X.shape[1])
    for start in range(0, len(X), BLOCK):
        sums += (X[start : start + BLOCK] - X[0]).sum(0, dtype=np.float64)
    return np.asarray(X[0] + sums / len(X))
