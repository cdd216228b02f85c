"""Average precision, and its mean under the three denominators in use."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import ParameterError

from .blocks import (
    DEFAULT_MAX_BYTES,
    RowBlocks,
    as_relevance,
    check_cut,
    check_pair,
    mean_over_answerable,
    paired_blocks,
)
from .order import relevance_in_order


def average_precisions(
    scores: RowBlocks,
    relevant: RowBlocks,
    k: int | None = None,
    normalise: Literal["all", "in_cut"] = "all",
    *,
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> NDArray[np.float64]:
    r"""The average precision of each query.

    $$\mathrm{AP} = \frac{1}{R} \sum_{r = 1}^{k} \mathrm{Prec}(r) \, \mathrm{rel}(r),$$

    where rel(r) is 1 if the item at rank r is relevant and 0 if not, and Prec(r) is the share of relevant items among
    the first r. R is the number of relevant items in the whole gallery (`normalise="all"`) or among the first k
    (`normalise="in_cut"`; AP = 0 where there are none).

    Args:
        scores: (n, m), larger is better.
        relevant: (n, m) booleans.
        k: Where the list is cut; None takes the whole gallery, and then both normalisations are the same.
        normalise: What R counts.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        (n,) values in 0 to 1; NaN for a query without a relevant item in the gallery.

    Raises:
        InputError: Shapes differ, a score is NaN, or there are no queries or no gallery.
        ParameterError: `k` < 1, or an unknown `normalise`.

    Examples:
        >>> import numpy as np
        >>> scores, relevant = np.array([[0.9, 0.5, 0.1]]), np.array([[True, False, True]])
        >>> average_precisions(scores, relevant)  # (1/1 + 2/3) / 2
        array([0.83333333])
        >>> average_precisions(scores, relevant, k=2)
        array([0.5])
        >>> average_precisions(scores, relevant, k=2, normalise="in_cut")
        array([1.])

    References:
        Manning, Raghavan, Schuetze. Introduction to Information Retrieval (2008), section 8.4.
    """
    if normalise not in ("all", "in_cut"):
        raise ParameterError(f'normalise must be "all" or "in_cut", got {normalise!r}.')
    n, m = check_pair(scores, relevant, "relevant")
    cut = check_cut(k, m)
    result = np.empty(n)
    for rows, block, raw in paired_blocks(scores, relevant, max_bytes):
        right = as_relevance(raw)
        in_gallery = np.count_nonzero(right, axis=1)
        total, in_cut = _precision_sums(relevance_in_order(block, right, cut))
        divisor = in_gallery if normalise == "all" else np.maximum(in_cut, 1)
        result[rows] = np.where(in_gallery > 0, total / np.maximum(divisor, 1), np.nan)
    return result


def mean_average_precision(scores: RowBlocks, relevant: RowBlocks, *, max_bytes: int = DEFAULT_MAX_BYTES) -> float:
    r"""mAP@all: the mean of AP over whole lists, each divided by all its relevant items.

    $$\mathrm{mAP} = \frac{1}{|Q|} \sum_{q \in Q} \frac{1}{R_q} \sum_{r = 1}^{m} \mathrm{Prec}_q(r) \,
      \mathrm{rel}_q(r)$$

    Q are the queries that have a relevant item, $R_q$ of them in the gallery; the others are left out.

    Args:
        scores: (n, m), larger is better.
        relevant: (n, m) booleans.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        The mean, in 0 to 1.

    Raises:
        InputError: As `average_precisions`; also if no query has a relevant item.

    Examples:
        >>> import numpy as np
        >>> mean_average_precision(np.array([[0.9, 0.5, 0.1]]), np.array([[True, False, True]]))
        0.8333333333333333

    References:
        Manning, Raghavan, Schuetze. Introduction to Information Retrieval (2008), section 8.4.
    """
    return mean_over_answerable(average_precisions(scores, relevant, max_bytes=max_bytes))


def mean_average_precision_at(
    scores: RowBlocks, relevant: RowBlocks, k: int, *, max_bytes: int = DEFAULT_MAX_BYTES
) -> float:
    r"""mAP@k with every list cut at k and still divided by all relevant items in the gallery.

    $$\mathrm{AP}@k = \frac{1}{R} \sum_{r = 1}^{k} \mathrm{Prec}(r) \, \mathrm{rel}(r), \qquad
      R = \sum_{r = 1}^{m} \mathrm{rel}(r)$$

    A perfect ranking scores below 1 where a query has more than k relevant items. Queries without a relevant item are
    left out of the mean.

    Args:
        scores: (n, m), larger is better.
        relevant: (n, m) booleans.
        k: Where the list is cut.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        The mean, in 0 to 1.

    Raises:
        InputError: As `average_precisions`; also if no query has a relevant item.
        ParameterError: `k` < 1.

    Examples:
        >>> import numpy as np
        >>> mean_average_precision_at(np.array([[0.9, 0.5, 0.1]]), np.array([[True, False, True]]), k=2)
        0.5

    References:
        Manning, Raghavan, Schuetze. Introduction to Information Retrieval (2008), section 8.4.
    """
    return mean_over_answerable(average_precisions(scores, relevant, k, "all", max_bytes=max_bytes))


def mean_average_precision_in_cut(
    scores: RowBlocks, relevant: RowBlocks, k: int, *, max_bytes: int = DEFAULT_MAX_BYTES
) -> float:
    r"""mAP@k with every list cut at k and divided by the relevant items within the cut (AP = 0 where there are none).

    $$\mathrm{AP}@k = \frac{\sum_{r = 1}^{k} \mathrm{Prec}(r) \, \mathrm{rel}(r)}{\sum_{r = 1}^{k} \mathrm{rel}(r)}$$

    Much of the cross-modal hashing literature reports this. It does not notice relevant items that fall behind the
    cut: one hit at rank 1 of k scores 1.0 however many were missed. Queries without a relevant item in the gallery
    are left out of the mean.

    Args:
        scores: (n, m), larger is better.
        relevant: (n, m) booleans.
        k: Where the list is cut.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        The mean, in 0 to 1.

    Raises:
        InputError: As `average_precisions`; also if no query has a relevant item.
        ParameterError: `k` < 1.

    Examples:
        >>> import numpy as np
        >>> mean_average_precision_in_cut(np.array([[0.9, 0.5, 0.1]]), np.array([[True, False, True]]), k=2)
        1.0

    References:
        Manning, Raghavan, Schuetze. Introduction to Information Retrieval (2008), section 8.4.
    """
    return mean_over_answerable(average_precisions(scores, relevant, k, "in_cut", max_bytes=max_bytes))


def _precision_sums(hits: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Per row the sum over hits of Prec at their rank, and the number of hits. Only the hits are visited."""
    n, k = hits.shape
    rows, places = np.divmod(np.flatnonzero(hits), k)
    counts = np.bincount(rows, minlength=n)
    before = np.cumsum(counts) - counts
    precision = (np.arange(1, rows.size + 1) - before[rows]) / (places + 1)
    return np.bincount(rows, weights=precision, minlength=n).astype(np.float64, copy=False), counts
