"""Walk over two row-aligned matrices a block at a time, checking what comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError

from .order import as_sortable

DEFAULT_MAX_BYTES = 256 * 2**20
"""Bytes that blocks of rows may take where `max_bytes` is not given: 256 MiB."""

# What one cell costs at the worst moment: in a block asked for (float64 scores, relevance, what computes them; twice,
# as the last piece keeps a block alive while the next is computed), and in a piece being ranked (all temporaries,
# every item relevant).
_ASKED_BYTES = 32
_RANKED_BYTES = 64
# More than this at once is no faster. A matrix product wants many rows; ranking is twice as fast in the caches.
_USEFUL_ASKED = 96 * 2**20
_USEFUL_RANKED = 4 * 2**20


class RowBlocks(Protocol):
    """A matrix whose rows can be asked for a slice at a time: a NumPy array, or something that computes them.

    Every metric of retrieval takes them, and asks for a block at a time: no (n, m) matrix has to exist.

    Examples:
        >>> import numpy as np
        >>> from commonspace.metrics import SameItem, recall_at_k
        >>> class NegativeDistance:
        ...     def __init__(self, queries, gallery):
        ...         self.queries, self.gallery = queries, gallery
        ...         self.shape = len(queries), len(gallery)
        ...
        ...     def __getitem__(self, rows):
        ...         return -np.linalg.norm(self.queries[rows, None] - self.gallery, axis=-1)
        >>> points = np.array([[0.0, 0.0], [3.0, 4.0]])
        >>> scores = NegativeDistance(points, points + 1)
        >>> recall_at_k(scores, SameItem([0, 1], [0, 1]), [1], max_bytes=2**20)
        {1: 1.0}
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, m)."""
        ...

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """The rows `[start:stop]`, an array of shape (stop - start, m)."""
        ...


def check_cut(k: int | None, gallery: int, name: str = "k") -> int:
    """The length of the list that a cut at `k` leaves of a gallery; None cuts nothing.

    Raises:
        ParameterError: `k` is not a whole number of at least 1.
    """
    if k is None:
        return gallery
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ParameterError(f"{name} must be a whole number of at least 1, got {k!r}; leave it out for no cut.")
    return min(int(k), gallery)


def check_pair(scores: RowBlocks, other: RowBlocks, name: str) -> tuple[int, int]:
    """The common shape (n, m) of `scores` and the matrix called `name`.

    Raises:
        InputError: Something is not a matrix, the shapes differ, or there are no queries or no gallery.
    """
    for what, matrix in (("scores", scores), (name, other)):
        _check_two_dimensions(matrix, what)
    if tuple(scores.shape) != tuple(other.shape):
        raise InputError(
            f"scores and {name} must have the same shape, got {tuple(scores.shape)} and {tuple(other.shape)}; "
            "in both, rows are queries and columns gallery items."
        )
    return check_matrix(scores, "scores")


def check_matrix(scores: RowBlocks, name: str) -> tuple[int, int]:
    """The shape (n, m) of the matrix called `name`.

    Raises:
        InputError: It is not a matrix, or there are no queries or no gallery.
    """
    _check_two_dimensions(scores, name)
    n, m = scores.shape
    if n == 0 or m == 0:
        raise InputError(f"{name} must hold at least one query and one gallery item, got shape ({n}, {m}).")
    return n, m


def row_slices(n: int, row_bytes: int, max_bytes: int) -> Iterator[slice]:
    """Slices that together are the n rows, each of as many as `max_bytes` holds; never less than one row.

    Raises:
        ParameterError: `max_bytes` is not a positive whole number.
    """
    _check_max_bytes(max_bytes)
    step = _rows_within(min(max_bytes, _USEFUL_ASKED), row_bytes)
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def paired_blocks(
    scores: RowBlocks, other: RowBlocks, max_bytes: int
) -> Iterator[tuple[slice, NDArray[Any], NDArray[Any]]]:
    """Yield (rows, scores of the rows, other of the rows) until all rows are through; never less than one row.

    Raises:
        InputError: A score is NaN or not a real number.
        ParameterError: `max_bytes` is not a positive whole number.
    """
    for rows, block in _asked(scores, max_bytes):
        beside = np.asarray(other[rows])
        _check_rows(beside, rows, block.shape[1])
        for piece in _pieces(block, max_bytes):
            yield slice(rows.start + piece.start, rows.start + piece.stop), block[piece], beside[piece]


def score_blocks(scores: RowBlocks, max_bytes: int) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Yield (rows, scores of the rows) until all rows are through; never less than one row.

    Raises:
        InputError: A score is NaN or not a real number.
        ParameterError: `max_bytes` is not a positive whole number.
    """
    for rows, block in _asked(scores, max_bytes):
        for piece in _pieces(block, max_bytes):
            yield slice(rows.start + piece.start, rows.start + piece.stop), block[piece]


def _asked(scores: RowBlocks, max_bytes: int) -> Iterator[tuple[slice, NDArray[Any]]]:
    _check_max_bytes(max_bytes)
    n, m = scores.shape
    many = _rows_within(min(max_bytes // 2, _USEFUL_ASKED), _ASKED_BYTES * m)
    for start in range(0, n, many):
        rows = slice(start, min(start + many, n))
        block = as_sortable(np.asarray(scores[rows]))
        _check_rows(block, rows, m)
        _check_no_nan(block, start)
        yield rows, block


def _pieces(block: NDArray[Any], max_bytes: int) -> Iterator[slice]:
    n, m = block.shape
    few = _rows_within(min(max_bytes // 2, _USEFUL_RANKED), _RANKED_BYTES * m)
    for at in range(0, n, few):
        yield slice(at, min(at + few, n))


def _check_rows(block: NDArray[Any], rows: slice, m: int) -> None:
    if block.shape != (rows.stop - rows.start, m):
        raise InputError(
            f"rows {rows.start} to {rows.stop} must come as ({rows.stop - rows.start}, {m}) from every matrix, "
            f"got {block.shape}; slice rows only, and return as many as were asked for."
        )


def _check_two_dimensions(matrix: RowBlocks, name: str) -> None:
    if len(getattr(matrix, "shape", ())) != 2:
        came = f"shape {matrix.shape}" if hasattr(matrix, "shape") else type(matrix).__name__
        raise InputError(f"{name} must be a matrix of queries x gallery items, got {came}; try numpy.asarray.")


def _check_max_bytes(max_bytes: int) -> None:
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, int | np.integer) or max_bytes < 1:
        raise ParameterError(f"max_bytes must be a positive whole number of bytes, got {max_bytes!r}.")


def _rows_within(budget: int, row_bytes: int) -> int:
    return max(1, budget // row_bytes)


def _check_no_nan(block: NDArray[Any], start: int) -> None:
    # max() hands a NaN on, and needs no array of booleans as isnan() does.
    if np.isnan(block.max()):
        query, item = np.argwhere(np.isnan(block))[0]
        raise InputError(
            f"scores must not be NaN, got NaN for query {start + query} and gallery item {item}; "
            "look for NaN or all-masked rows in the embeddings."
        )


def as_relevance(block: NDArray[Any]) -> NDArray[np.bool_]:
    """A block of `relevant` as booleans; 0 and 1 of any number type will do.

    Raises:
        InputError: It holds anything else.
    """
    if block.dtype == np.bool_:
        return block
    if block.dtype.kind not in "iuf" or not np.isin(block, (0, 1)).all():
        raise InputError(
            f"relevant must be boolean (or 0 and 1), got other values of type {block.dtype}; "
            "compare with a threshold first, or use ndcg for graded relevance."
        )
    return block.astype(np.bool_)


def mean_over_answerable(values: NDArray[np.float64]) -> float:
    """The mean of per-query values, queries with nothing relevant (NaN) left out.

    Raises:
        InputError: No query has anything relevant.
    """
    return float(np.mean(answerable(values)))


def answerable(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values that are not NaN, at least one.

    Raises:
        InputError: All are NaN, or there are none.
    """
    kept = values[~np.isnan(values)]
    if kept.size == 0:
        raise InputError(
            f"relevant must hold a right item for at least one query, got none for all {values.size}; "
            "check that queries and gallery use the same labels or item numbers."
        )
    return kept
