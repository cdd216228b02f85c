"""Normalised discounted cumulative gain, for relevance in grades."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError

from .blocks import DEFAULT_MAX_BYTES, RowBlocks, check_cut, check_pair, mean_over_answerable, paired_blocks
from .order import descending_order


def ndcg_per_query(
    scores: RowBlocks, gains: RowBlocks, k: int | None = None, *, max_bytes: int = DEFAULT_MAX_BYTES
) -> NDArray[np.float64]:
    r"""The nDCG of each query.

    $$\mathrm{DCG} = \sum_{r = 1}^{k} \frac{g(r)}{\log_2 (r + 1)}, \qquad
      \mathrm{nDCG} = \frac{\mathrm{DCG}}{\mathrm{DCG}^*},$$

    where g(r) is the gain of the item at rank r, and DCG* that of the gallery in order of falling gains, cut at the
    same k. Gains are taken as they are: for exponential gains give 2**grade - 1. The source divides by $\log_2 r$ from
    rank 2 on; r + 1 is what is common now.

    Args:
        scores: (n, m), larger is better.
        gains: (n, m) finite numbers, 0 for an irrelevant item.
        k: Where the list is cut; None takes the whole gallery.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        (n,) values in 0 to 1; NaN for a query whose gains are all 0.

    Raises:
        InputError: Shapes differ, a score is NaN, a gain is negative or not finite, or there are no queries or no
            gallery.
        ParameterError: `k` < 1.

    Examples:
        >>> import numpy as np
        >>> ndcg_per_query(np.array([[0.9, 0.5, 0.1]]), np.array([[0, 2, 0]]))  # 1 / log2(3)
        array([0.63092975])

    References:
        Jarvelin, Kekalainen. Cumulated gain-based evaluation of IR techniques (ACM TOIS 20(4), 2002).
    """
    n, m = check_pair(scores, gains, "gains")
    cut = check_cut(k, m)
    discount = 1 / np.log2(np.arange(2, cut + 2))
    result = np.empty(n)
    for rows, block, raw in paired_blocks(scores, gains, max_bytes):
        gain = _check_gains(raw)
        # Sums and not matrix products, whose last bit would depend on the number of rows in the block.
        found = (np.take_along_axis(gain, descending_order(block, cut), axis=1) * discount).sum(axis=1)
        ideal = (_largest(gain, cut) * discount).sum(axis=1)
        result[rows] = np.divide(found, ideal, out=np.full(ideal.shape, np.nan), where=ideal > 0)
    return result


def ndcg(scores: RowBlocks, gains: RowBlocks, k: int | None = None, *, max_bytes: int = DEFAULT_MAX_BYTES) -> float:
    r"""The mean of `ndcg_per_query` over the queries Q that have some gain.

    $$\frac{1}{|Q|} \sum_{q \in Q} \frac{\mathrm{DCG}_q}{\mathrm{DCG}^*_q}$$

    Args:
        scores: (n, m), larger is better.
        gains: (n, m) finite numbers, 0 for an irrelevant item.
        k: Where the list is cut; None takes the whole gallery.
        max_bytes: Bound on the memory of working blocks.

    Returns:
        The mean, in 0 to 1.

    Raises:
        InputError: As `ndcg_per_query`; also if no query has any gain.
        ParameterError: `k` < 1.

    Examples:
        >>> import numpy as np
        >>> ndcg(np.array([[0.9, 0.5, 0.1], [0.9, 0.5, 0.1]]), np.array([[2, 1, 0], [0, 0, 1]]))  # (1 + 1 / 2) / 2
        0.75

    References:
        Jarvelin, Kekalainen. Cumulated gain-based evaluation of IR techniques (ACM TOIS 20(4), 2002).
    """
    return mean_over_answerable(ndcg_per_query(scores, gains, k, max_bytes=max_bytes))


def _check_gains(block: NDArray[Any]) -> NDArray[np.float64]:
    if block.dtype.kind not in "biuf":
        raise InputError(f"gains must be numbers, got type {block.dtype}.")
    gain = block.astype(np.float64)
    # Written so that NaN, for which every comparison is false, is caught as well.
    if not (gain.min() >= 0 and gain.max() < np.inf):
        raise InputError(f"gains must be finite and at least 0, got values from {gain.min():g} to {gain.max():g}.")
    return gain


def _largest(gain: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """The k largest of each row, falling."""
    m = gain.shape[1]
    if k < m:
        gain = np.partition(gain, m - k, axis=1)[:, m - k :]
    return np.sort(gain, axis=1)[:, ::-1]
