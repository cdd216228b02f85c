"""Precision against recall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .blocks import DEFAULT_MAX_BYTES, RowBlocks, as_relevance, check_pair, paired_blocks
from .order import relevance_in_order

LEVELS = np.linspace(0, 1, 11)
"""The standard levels of recall: 0, .1 and so on to 1."""


def interpolated_precisions(
    scores: RowBlocks, relevant: RowBlocks, *, max_bytes: int = DEFAULT_MAX_BYTES
) -> NDArray[np.float64]:
    r"""The interpolated precision of each query at the eleven standard levels of recall.

    At level l it is the best precision at any rank r by which at least that share of the relevant items has been found:

    $$P(l) = \max_{r : \mathrm{Rec}(r) \ge l} \mathrm{Prec}(r)$$

    Args:
        scores: (n, m), larger is better.
        relevant: (n, m) booleans.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        (n, 11), falling from left to right; NaN for a query without a relevant item in the gallery.

    Raises:
        InputError: Shapes differ, a score is NaN, or there are no queries or no gallery.

    Examples:
        >>> import numpy as np
        >>> interpolated_precisions(np.array([[0.9, 0.5, 0.1]]), np.array([[True, False, True]])).round(2)
        array([[1.  , 1.  , 1.  , 1.  , 1.  , 1.  , 0.67, 0.67, 0.67, 0.67, 0.67]])

    References:
        Manning, Raghavan, Schuetze. Introduction to Information Retrieval (2008), section 8.4.
    """
    n, m = check_pair(scores, relevant, "relevant")
    result = np.full((n, len(LEVELS)), np.nan)
    for rows, block, raw in paired_blocks(scores, relevant, max_bytes):
        hits = relevance_in_order(block, as_relevance(raw), m)
        found = hits.cumsum(1)
        precision = np.maximum.accumulate((found / np.arange(1, m + 1))[:, ::-1], axis=1)[:, ::-1]
        total = found[:, -1]
        for i, level in enumerate(LEVELS):
            needed = np.ceil(level * total - 1e-9)
            first = (found >= needed[:, None]).argmax(1)
            at = precision[np.arange(len(hits)), first]
            result[rows, i] = np.where(total > 0, at, np.nan)
    return result
