"""Means and covariances of two aligned views, block by block of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

BLOCK = 4096
"""Rows per block: enough for BLAS, few enough for sums in float32 to keep their digits."""


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
    """Covariances in one pass; the products keep the input's precision, their sums are float64.

    Rows are counted from a pivot near the mean before they are multiplied: products of raw float32 columns whose mean
    is many standard deviations from zero would lose the covariance to rounding. What pivot and mean differ by is taken
    off at the end. Both views lie side by side in one buffer with a column of ones, so that one symmetric product, of
    which BLAS computes one half, gives every product and every sum.
    """
    n, p, columns = len(X), X.shape[1], X.shape[1] + Z.shape[1]
    dtype = np.result_type(X, Z)
    (symmetric_product,) = linalg.get_blas_funcs(("syrk",), dtype=dtype)
    pivot_x, pivot_z = _pivot(X).astype(dtype), _pivot(Z).astype(dtype)
    buffer = np.ones((min(n, BLOCK), columns + 1), dtype)
    product = np.zeros((columns + 1, columns + 1), dtype, order="F")  # one triangle stays so
    total = np.zeros_like(product, np.float64)
    for start in range(0, n, BLOCK):
        block = buffer[: min(BLOCK, n - start)]
        np.subtract(X[start : start + BLOCK], pivot_x, out=block[:, :p])
        np.subtract(Z[start : start + BLOCK], pivot_z, out=block[:, p:columns])
        total += symmetric_product(1.0, block.T, lower=True, c=product, overwrite_c=True)
    offset, S = total[columns, :columns] / n, total[:columns, :columns]
    S -= n * offset[:, None] * offset
    S /= n - 1
    sxx, szz = (np.tril(half) + np.tril(half, -1).T for half in (S[:p, :p], S[p:, p:]))
    return Moments(n, pivot_x + offset[:p], pivot_z + offset[p:], sxx, szz, S[p:, :p].T)


def _pivot(X: NDArray[Any]) -> NDArray[Any]:
    """(p,) means of rows at even distances; of a column that never varies, its value to the last bit."""
    some = X[:: -(-len(X) // BLOCK)]
    return np.asarray(X[0] + (some - X[0]).mean(0, dtype=np.float64))
