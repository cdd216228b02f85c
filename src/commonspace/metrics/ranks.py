"""Rank of the first right item, and what is read off it: Recall@K and the median rank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, ParameterError

from .blocks import (
    DEFAULT_MAX_BYTES,
    RowBlocks,
    answerable,
    as_relevance,
    check_cut,
    check_pair,
    paired_blocks,
    score_blocks,
)
from .relevance import SameCode


def first_relevant_ranks(
    scores: RowBlocks, relevant: RowBlocks, *, max_bytes: int = DEFAULT_MAX_BYTES
) -> NDArray[np.float64]:
    r"""The rank, from 1, of each query's best-placed relevant item.

    Found by counting, without a sort: with b the best score of a relevant item and j the lowest index at which a
    relevant item has it,

    $$\mathrm{rank} = 1 + \#\{i : s_i > b\} + \#\{i < j : s_i = b\}.$$

    Args:
        scores: (n, m), larger is better.
        relevant: (n, m) booleans.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        (n,) ranks as floats; NaN for a query without a relevant item.

    Raises:
        InputError: Shapes differ, a score is NaN, or there are no queries or no gallery.

    Examples:
        >>> import numpy as np
        >>> scores = np.array([[0.9, 0.5, 0.1], [0.5, 0.5, 0.1]])
        >>> first_relevant_ranks(scores, np.array([[True, False, True], [False, True, False]]))  # a tie: index decides
        array([1., 2.])
    """
    n, _ = check_pair(scores, relevant, "relevant")
    result = np.full(n, np.nan)
    for rows, block, row, column in _right_items(scores, relevant, max_bytes):
        asked, first = np.unique(row, return_index=True)
        if not len(asked):
            continue
        of_right = block[row, column]
        best = np.maximum.reduceat(of_right, first)
        is_best = of_right == np.repeat(best, np.diff(first, append=len(row)))
        _, lowest = np.unique(row[is_best], return_index=True)
        ranks = [
            1 + np.count_nonzero(block[i] > b) + np.count_nonzero(block[i, :j] == b)
            for i, b, j in zip(asked, best, column[is_best][lowest], strict=True)
        ]
        result[rows.start + asked] = ranks
    return result


def _right_items(
    scores: RowBlocks, relevant: RowBlocks, max_bytes: int
) -> Iterator[tuple[slice, NDArray[Any], NDArray[np.int64], NDArray[np.int64]]]:
    """(rows, scores of the rows, row and column of each right item among them, in their order)."""
    if isinstance(relevant, SameCode):
        for rows, block in score_blocks(scores, max_bytes):
            yield rows, block, *relevant.nonzero(rows)
    else:
        for rows, block, raw in paired_blocks(scores, relevant, max_bytes):
            row, column = np.nonzero(as_relevance(raw))
            yield rows, block, row, column


def recall_at_k(
    scores: RowBlocks, relevant: RowBlocks, ks: Iterable[int], *, max_bytes: int = DEFAULT_MAX_BYTES
) -> dict[int, float]:
    r"""Recall@K as the retrieval literature has it: the share of queries with a right item among the first K.

    $$\mathrm{R}@K = \frac{1}{|Q|} \#\{q \in Q : \mathrm{rank}_q \le K\}$$

    with the ranks of `first_relevant_ranks`, over the queries Q that have one. Elsewhere this is the hit rate at K, and
    recall is the share of all right items that are among the first K.

    A query may have several right items (the captions of a picture); any one of them counts, in both directions.
    Queries without a right item are left out.

    Args:
        scores: (n, m), larger is better.
        relevant: (n, m) booleans.
        ks: The cuts, for example (1, 5, 10).
        max_bytes: Bound on the memory of working blocks.

    Returns:
        Cut -> share, in 0 to 1.

    Raises:
        InputError: As `first_relevant_ranks`; also if no query has a right item.
        ParameterError: A cut below 1, or no cut.

    Examples:
        >>> import numpy as np
        >>> scores = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1]])
        >>> recall_at_k(scores, np.array([[True, False, False], [False, True, False]]), (1, 2))
        {1: 0.5, 2: 1.0}

    References:
        Karpathy, Fei-Fei. Deep visual-semantic alignments for generating image descriptions (CVPR 2015), section 4.2.
    """
    cuts = check_cuts(ks)  # before the long part
    return recall_from_ranks(first_relevant_ranks(scores, relevant, max_bytes=max_bytes), cuts)


def recall_from_ranks(ranks: ArrayLike, ks: Iterable[int]) -> dict[int, float]:
    r"""Recall@K from ranks already known, $\#\{q : \mathrm{rank}_q \le K\} / n$: the share of them that are at most K.

    Args:
        ranks: (n,) ranks from 1, as `first_relevant_ranks` returns them. NaN is left out; infinity (a right item
            exists but was not found, as with a truncated search) is a miss.
        ks: The cuts.

    Returns:
        Cut -> share, in 0 to 1.

    Raises:
        InputError: A rank is below 1, or all are NaN.
        ParameterError: A cut below 1, or no cut.

    Examples:
        >>> recall_from_ranks([1, 3, float("inf"), float("nan")], (1, 5))  # found, found, missed, left out
        {1: 0.3333333333333333, 5: 0.6666666666666666}
    """
    cuts = check_cuts(ks)
    known = _check_ranks(ranks)
    return {k: float(np.mean(known <= k)) for k in cuts}


def median_rank(scores: RowBlocks, relevant: RowBlocks, *, max_bytes: int = DEFAULT_MAX_BYTES) -> float:
    """The median over queries of the rank of the first right item; 1 is best. Queries without one are left out.

    Args:
        scores: (n, m), larger is better.
        relevant: (n, m) booleans.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        The median; between two ranks where their number is even.

    Raises:
        InputError: As `first_relevant_ranks`; also if no query has a right item.

    Examples:
        >>> import numpy as np
        >>> scores = np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1]])
        >>> median_rank(scores, np.array([[True, False, False], [False, True, False]]))
        1.5

    References:
        Karpathy, Fei-Fei. Deep visual-semantic alignments for generating image descriptions (CVPR 2015), section 4.2.
    """
    return median_rank_from_ranks(first_relevant_ranks(scores, relevant, max_bytes=max_bytes))


def median_rank_from_ranks(ranks: ArrayLike) -> float:
    """The median of ranks already known; NaN is left out.

    Args:
        ranks: (n,) ranks from 1, as `first_relevant_ranks` returns them.

    Returns:
        The median.

    Raises:
        InputError: A rank is below 1, or all are NaN.

    Examples:
        >>> median_rank_from_ranks([1, 2, 40, float("nan")])
        2.0
    """
    return float(np.median(_check_ranks(ranks)))


def check_cuts(ks: Iterable[int]) -> list[int]:
    """The cuts of a recall.

    Raises:
        ParameterError: If there are none, or one is no whole number above 0.
    """
    if not isinstance(ks, Iterable):
        raise ParameterError(f"ks must be several cuts, such as (1, 5, 10), got {ks!r}; write ({ks!r},) for one.")
    cuts = list(ks)
    if not cuts:
        raise ParameterError("ks must hold at least one cut, such as (1, 5, 10), got none.")
    for k in cuts:
        check_cut(k, 1, "every cut in ks")
    return [int(k) for k in cuts]


def _check_ranks(ranks: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(ranks, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"ranks must be one number per query, got shape {values.shape}.")
    known = answerable(values)
    if known.min() < 1:
        raise InputError(f"ranks must count from 1, got {known.min():g}; add 1 to ranks that count from 0.")
    return known
