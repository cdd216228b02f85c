"""The generalised eigenproblem that relates any number of views."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import linalg

from .moments import Matrix, side_by_side
from .sample import Sample
from .whitening import Whitening, regularised, whitening


def leading_directions(
    blocks: Mapping[tuple[str, str], Matrix], whitenings: Mapping[str, Whitening], k: int
) -> tuple[Matrix, dict[str, Matrix]]:
    r"""The k leading solutions of B w = l D w, with D = diag(S_1, ..., S_M) as whitened: W_i' S_i W_i = I.

    Args:
        blocks: (modality, modality) -> the block of the symmetric matrix B, for every pair i, j with i at or after j in
            the order of `whitenings`. A block (i, i) that is absent is S_i itself.
        whitenings: Modality -> whitening of S_i.
        k: How many.

    Returns:
        (k,) eigenvalues l in descending order, and modality -> (d, k) weights with sum_i w_i' S_i w_i = M.
    """
    columns = side_by_side({m: white.rank for m, white in whitenings.items()})
    size = sum(white.rank for white in whitenings.values())
    B = np.eye(size, order="F")
    for (first, second), block in blocks.items():
        whitened = whitenings[second].project(whitenings[first].project(block).T).T
        B[columns[first], columns[second]] = whitened
    values, vectors = linalg.eigh(B, subset_by_index=(size - k, size - 1), lower=True, overwrite_a=True)
    vectors = np.sqrt(len(whitenings)) * vectors[:, ::-1]
    return values[::-1], {m: white.weights(vectors[columns[m]]) for m, white in whitenings.items()}


def whitened_views(sample: Sample, ridges: Mapping[str, float], dims: Mapping[str, int]) -> dict[str, Whitening]:
    """The whitening of each view by its covariance with a ridge."""
    return {m: whitening(regularised(sample.covariance(m, m), ridges[m], d), sample.eps(m)) for m, d in dims.items()}
