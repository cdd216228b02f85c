"""Similarity by what classes the neighbours among the training items have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_expit, softmax
from sklearn.neighbors import NearestNeighbors

from commonspace.errors import InputError

BLOCK = 4096
"""Rows whose neighbours are looked up together."""


class PosteriorSimilarity:
    """S_ij = sum_c p_i(c) p_j(c): how probable it is that both have the same class. Rows are computed when asked for.

    p(c) is the share of class c among the k nearest anchors, each counted by 1 / (1 + exp(distance)). An anchor of
    several classes is divided among them.

    Args:
        queries: (n, d).
        gallery: (m, d).
        anchors: (a, d) embedded training items of all modalities.
        targets: (a, c) their classes, 0 and 1.
        k: The number of neighbours.

    Raises:
        InputError: If queries or gallery are not matrices of finite numbers as wide as the anchors.
    """

    def __init__(
        self, queries: ArrayLike, gallery: ArrayLike, anchors: NDArray[Any], targets: NDArray[Any], k: int
    ) -> None:
        neighbours = NearestNeighbors(n_neighbors=min(k, len(anchors))).fit(anchors)
        shares = targets / targets.sum(1, keepdims=True)
        self._queries = _posteriors(_check("queries", queries, anchors.shape[1]), neighbours, shares)
        self._gallery = _posteriors(_check("gallery", gallery, anchors.shape[1]), neighbours, shares).T

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return self._queries.shape[0], self._gallery.shape[1]

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Similarities of the queries in a slice, (stop - start, m)."""
        scores: NDArray[Any] = self._queries[rows] @ self._gallery
        return scores


def _posteriors(
    vectors: NDArray[Any], neighbours: NearestNeighbors, shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, c) class shares among the neighbours of (n, d) vectors."""
    out = np.empty((len(vectors), shares.shape[1]))
    for start in range(0, len(vectors), BLOCK):
        distance, index = neighbours.kneighbors(vectors[start : start + BLOCK])
        weight = softmax(log_expit(-distance.astype(np.float64)), axis=1)
        block = out[start : start + BLOCK]
        for c, share in enumerate(shares.T):  # one class at a time: no (rows, k, c) array
            block[:, c] = np.einsum("ij,ij->i", weight, share[index])
    return out


def _check(name: str, vectors: ArrayLike, width: int) -> NDArray[Any]:
    array = np.asarray(vectors)
    if array.ndim != 2 or array.shape[1] != width or array.dtype.kind not in "biuf":
        raise InputError(f"{name}: expected embeddings of shape (n, {width}), got {array.dtype} of {array.shape}.")
    if not np.isfinite(array).all():
        raise InputError(f"{name}: expected finite numbers, got NaN or infinity; leave out items without the modality.")
    return array
