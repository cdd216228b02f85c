"""Whether one space is better than another, or seems so by the choice of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, ParameterError

_BLOCK = 200  # resamples at a time: memory is this times the number of items


@dataclass(frozen=True)
class Comparison:
    """A difference of means, and how sure it is.

    Attributes:
        difference: The mean of the first minus that of the second.
        low: The lower end of its 95 % interval, the percentile of the resamples.
        high: The upper end.
        p: Two-sided: twice the share of resamples in which the difference has the other sign, at most 1.
    """

    difference: float
    low: float
    high: float
    p: float


def paired_bootstrap(
    first: Sequence[ArrayLike],
    second: Sequence[ArrayLike],
    items: Sequence[ArrayLike],
    *,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    r"""The paired bootstrap of two systems over the items that their queries belong to.

    The figure of a system is the mean over directions of the mean over queries. Items are drawn with replacement, and
    with an item all its queries, in every direction and for both systems: captions of one photo are not independent,
    nor are an image and its text. With $\Delta^b$ the difference in the b-th of B resamples,

    $$p = \min\left(1, \; 2 \, \frac{1 + \min(\#\{b : \Delta^b \le 0\}, \#\{b : \Delta^b \ge 0\})}{B + 1}\right).$$

    Args:
        first: For each direction (q,), what each query came to; NaN is left out, and must be so for both.
        second: Likewise.
        items: For each direction (q,), the number of the item of each query.
        resamples: B.
        seed: Draws them.

    Returns:
        The `Comparison`.

    Raises:
        InputError: If shapes differ, a query counts for one and not the other, or none counts.
        ParameterError: If `resamples` is below 1.

    Examples:
        >>> found = paired_bootstrap([[1, 1, 0, 1]], [[0, 1, 0, 0]], [[0, 1, 2, 3]])
        >>> found.difference  # 3/4 - 1/4; so few items may as well have been drawn without a difference
        0.5
        >>> found.low, found.high
        (0.0, 1.0)

    References:
        B. Efron, R. Tibshirani, An introduction to the bootstrap, 1993; M. Smucker, J. Allan, B. Carterette, A
        comparison of statistical significance tests for information retrieval evaluation, CIKM 2007.
    """
    if resamples < 1:
        raise ParameterError(f"resamples: expected 1 or more, got {resamples}.")
    if not len(first) == len(second) == len(items) > 0:
        raise InputError(
            f"expected the same directions, at least one, for both and for items, got {len(first)}, {len(second)} "
            f"and {len(items)}."
        )
    n = 1 + max(int(np.max(i, initial=-1)) for i in items)
    sums, counts = np.zeros((n, len(items))), np.zeros((n, len(items)))
    for d, (a, b, of) in enumerate(zip(first, second, items, strict=True)):
        a, b, of = np.asarray(a, float), np.asarray(b, float), np.asarray(of)
        if not a.shape == b.shape == of.shape or (np.isnan(a) != np.isnan(b)).any():
            raise InputError(f"direction {d}: expected the same queries of both, got {a.shape} and {b.shape}.")
        counted = ~np.isnan(a)
        if not counted.any():
            raise InputError(f"direction {d}: no query counts.")
        sums[:, d] = np.bincount(of[counted], (a - b)[counted], n)
        counts[:, d] = np.bincount(of[counted], minlength=n)
    there = counts.any(1)
    sums, counts = sums[there], counts[there]
    differences = _resampled(sums, counts, resamples, seed)
    low, high = np.quantile(differences, [0.025, 0.975])
    tail = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    observed = float((sums.sum(0) / counts.sum(0)).mean())
    return Comparison(observed, float(low), float(high), min(1.0, 2 * (1 + tail) / (resamples + 1)))


def holm(p: ArrayLike) -> NDArray[np.float64]:
    r"""p-values corrected for their number by Holm's method.

    In rising order,

    $$\tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\, p_{(j)}).$$

    To reject those below a level keeps the chance of one wrong rejection or more below it.

    Args:
        p: (m,) values in 0 to 1.

    Returns:
        (m,) corrected, in the order given.

    Examples:
        >>> holm([0.01, 0.04, 0.03])  # 3 * 0.01, then 2 * 0.03, and 1 * 0.04 is no less
        array([0.03, 0.06, 0.06])

    References:
        S. Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979.
    """
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(1, np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]))
    return corrected


def _resampled(
    sums: NDArray[np.float64], counts: NDArray[np.float64], resamples: int, seed: int
) -> NDArray[np.float64]:
    """(resamples,) differences of the means."""
    rng, n = np.random.default_rng(seed), len(sums)
    out = np.empty(resamples)
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        weights = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(size)]).astype(float)
        drawn = weights @ counts
        with np.errstate(invalid="ignore"):  # a direction none of whose items was drawn
            out[start : start + size] = np.nanmean((weights @ sums) / drawn, axis=1)
    return out
