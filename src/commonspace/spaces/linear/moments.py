"""Means and covariances of aligned views, block by block of rows, and batch by batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Matrix = NDArray[np.float64]

BLOCK = 4096
"""Rows per block: enough for BLAS, few enough for sums in float32 to keep their digits."""

FEW = 128
"""Rows filled in and added up in one go: they stay in the cache, and their float32 sums keep their digits too."""


@dataclass(frozen=True)
class Moments:
    """What linear methods need of n aligned rows of several views, in float64.

    Attributes:
        n: The number of rows.
        columns: Modality -> its columns among those of all views side by side.
        mean: (d,) column means of all views.
        scatter: (d, d) sums of products of centred columns; only the lower triangle is filled.
        eps: The precision of the products that the sums are made of.
    """

    n: int
    columns: dict[str, slice]
    mean: Matrix
    scatter: Matrix
    eps: float

    def means(self, modality: str) -> Matrix:
        """(p,) column means of one view."""
        return self.mean[self.columns[modality]]

    def block(self, first: str, second: str) -> Matrix:
        """(p, q) sums of products of the centred columns of two views, or of one with itself."""
        a, b = self.columns[first], self.columns[second]
        if first == second:
            half = self.scatter[a, a]
            return np.where(np.tri(len(half), dtype=bool), half, half.T)
        return self.scatter[a, b] if a.start > b.start else self.scatter[b, a].T

    def covariance(self, first: str, second: str) -> Matrix:
        """(p, q) covariance of two views, or of one with itself, divided by n - 1."""
        return self.block(first, second) / max(self.n - 1, 1)

    def merged(self, other: Moments) -> Moments:
        """The moments of both sets of rows (Chan, Golub and LeVeque 1979)."""
        n = self.n + other.n
        shift = other.mean - self.mean
        scatter = np.asfortranarray(self.scatter + other.scatter)
        scatter = linalg.blas.dsyr(self.n * other.n / n, shift, lower=True, a=scatter, overwrite_a=True)
        return Moments(n, self.columns, self.mean + shift * (other.n / n), scatter, max(self.eps, other.eps))


def centred_moments(views: Mapping[str, NDArray[Any]]) -> Moments:
    """Moments in one pass over at least one row; the products keep the input's precision, their sums are float64.

    Rows are counted from a pivot near the mean before they are multiplied: products of raw float32 columns whose mean
    is many standard deviations from zero would lose the covariance to rounding. What pivot and mean differ by is taken
    off at the end. All views lie side by side in one buffer, so that one symmetric product, of which BLAS computes one
    half, gives all covariances.

    The pivot is taken off in two steps, the first row and then the rest. The first step leaves multiples of the
    spacing of float32 numbers near the mean, and squares of multiples round with a bias: odd ones leave 1 modulo 8.
    The second step, whose numbers are finer, ends that.
    """
    columns = side_by_side({modality: X.shape[1] for modality, X in views.items()})
    n, d = len(next(iter(views.values()))), sum(X.shape[1] for X in views.values())
    dtype = np.result_type(*views.values())
    (symmetric_product,) = linalg.get_blas_funcs(("syrk",), dtype=dtype)
    # Counted from the first row, a column that never varies is zero to the last bit.
    first = {modality: X[0].astype(dtype) for modality, X in views.items()}
    pivot = np.concatenate([_middle(X) for X in views.values()]).astype(dtype)
    buffer = np.empty((min(n, BLOCK), d), dtype)
    product = np.zeros((d, d), dtype, order="F")  # one triangle stays so
    sums, scatter = np.zeros(d), np.zeros((d, d), order="F")
    for start in range(0, n, BLOCK):
        block = buffer[: min(BLOCK, n - start)]
        for at in range(0, len(block), FEW):
            few, row = block[at : at + FEW], start + at
            for modality, X in views.items():
                np.subtract(X[row : row + len(few)], first[modality], out=few[:, columns[modality]])
            few -= pivot
            sums += few.sum(0)
        scatter += symmetric_product(1.0, block.T, lower=True, c=product, overwrite_c=True)
    offset = sums / n
    scatter = linalg.blas.dsyr(-n, offset, lower=True, a=scatter, overwrite_a=True)
    mean = np.concatenate(list(first.values())) + (pivot + offset)
    return Moments(n, columns, mean, scatter, float(np.finfo(dtype).eps))


def side_by_side(dims: Mapping[str, int]) -> dict[str, slice]:
    """Modality -> the columns it takes when views of these numbers of columns lie side by side."""
    ends = np.cumsum(list(dims.values())).tolist()
    return {modality: slice(end - d, end) for (modality, d), end in zip(dims.items(), ends, strict=True)}


def _middle(X: NDArray[Any]) -> Matrix:
    """(p,) means of rows at even distances, counted from the first row."""
    some = X[:: -(-len(X) // BLOCK)]
    return np.asarray((some - X[0]).mean(0, dtype=np.float64))
