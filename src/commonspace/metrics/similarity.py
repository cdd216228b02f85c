"""Scores computed a block of rows at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError


class CosineSimilarity:
    r"""Cosine similarity of query and gallery vectors, rows computed when asked for.

    $$S_{ij} = \frac{\langle q_i, g_j \rangle}{\lVert q_i \rVert \, \lVert g_j \rVert}$$

    Rows are made unit length once. A zero row has similarity 0 to everything. The scores are float32 if neither side
    needs more (float32, float16), float64 otherwise.

    The last bit of a product may depend on how many rows are computed together, so equal vectors in the gallery tie
    exactly only as far as the linear algebra library computes them alike.

    Args:
        queries: (n, d).
        gallery: (m, d).

    Attributes:
        shape: (n, m).

    Raises:
        InputError: Something is not a matrix of finite real numbers, or the widths differ.

    Examples:
        >>> import numpy as np
        >>> CosineSimilarity(np.array([[2.0, 0.0]]), np.array([[3.0, 0.0], [0.0, 0.0]]))[0:1]
        array([[1., 0.]])

    References:
        Manning, Raghavan, Schuetze. Introduction to Information Retrieval (2008), section 6.3.
    """

    def __init__(self, queries: ArrayLike, gallery: ArrayLike) -> None:
        q, g = _check_vectors(queries, "queries"), _check_vectors(gallery, "gallery")
        if q.shape[1] != g.shape[1]:
            raise InputError(
                f"queries and gallery must have the same width, got {q.shape[1]} and {g.shape[1]}; "
                "embed both with the same space."
            )
        dtype = np.float32 if all(np.can_cast(x.dtype, np.float32, "safe") for x in (q, g)) else np.float64
        self._queries = _unit_rows(q.astype(dtype, copy=False))
        self._gallery = _unit_rows(g.astype(dtype, copy=False)).T

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return self._queries.shape[0], self._gallery.shape[1]

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Similarities of the queries in a slice, (stop - start, m)."""
        scores: NDArray[Any] = self._queries[rows] @ self._gallery
        return scores


def _check_vectors(vectors: ArrayLike, name: str) -> NDArray[Any]:
    array = np.asarray(vectors)
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise InputError(f"{name} must be a numeric matrix of items x dimensions, got {array.dtype} of {array.shape}.")
    broken = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if broken.size:
        raise InputError(
            f"{name} must be finite, got NaN or infinity in {broken.size} of {len(array)} rows (first: row "
            f"{broken[0]}); leave out items that lack the modality."
        )
    return array


def _unit_rows(vectors: NDArray[Any]) -> NDArray[Any]:
    # Dividing by the largest entry first keeps the squares of very large and very small rows within range.
    scale = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
    unit: NDArray[Any] = vectors / np.where(scale > 0, scale, 1)
    norm = np.linalg.norm(unit, axis=1, keepdims=True)
    unit /= np.where(norm > 0, norm, 1)
    return unit
