"""A number for each bin of time, with its interval and the items it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.spaces.temporal.instants import Clock

from .checks import count, share

LEAST = 5
"""Fewer items tell neither where they are nor how far they spread: their intervals hold the truth too rarely."""

BLOCK = 1 << 22
"""Shares drawn at a time."""


@dataclass(frozen=True)
class Curve:
    """What something came to in each bin of time.

    Attributes:
        name: What it is of, for example "dispersion of romance".
        edges: (b + 1,) of the bins, as numbers of the clock.
        values: (b,) NaN where nothing can be told, as of few items.
        low: (b,) the lower end of the interval.
        high: (b,) the upper end.
        counts: (b,) the items of each bin.
        clock: Of what kind the times are.
    """

    name: str
    edges: NDArray[np.float64]
    values: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    counts: NDArray[np.int64]
    clock: Clock

    @property
    def centres(self) -> NDArray[np.float64]:
        """(b,) the middle of each bin."""
        return middles(self.edges)

    def to_dict(self) -> dict[str, Any]:
        """JSON types: a list of bins, each from, to, value, low, high, items; None where nothing can be told."""
        bins = [
            {
                "from": self.clock.written(first),
                "to": self.clock.written(last),
                "value": _number(value),
                "low": _number(low),
                "high": _number(high),
                "items": int(count),
            }
            for first, last, value, low, high, count in zip(
                self.edges[:-1], self.edges[1:], self.values, self.low, self.high, self.counts, strict=True
            )
        ]
        return {"name": self.name, "bins": bins}

    def __str__(self) -> str:
        lines = [self.name]
        for b in self.to_dict()["bins"]:
            told = "nothing" if b["value"] is None else f"{b['value']:.3f} [{b['low']:.3f}, {b['high']:.3f}]"
            lines.append(f"  {b['from']} to {b['to']}: {told}, {b['items']} items")
        return "\n".join(lines)


def bootstrap(
    statistic: Callable[..., NDArray[np.float64]],
    sizes: tuple[int, ...],
    *,
    repeats: int,
    confidence: float,
    rng: np.random.Generator,
) -> tuple[float, float, float]:
    """A statistic of one or more samples of items, and its basic bootstrap interval.

    The interval is 2 s - q, with q the quantiles of what resampled items give: so what resampling adds to a statistic,
    as it adds to a dispersion, is taken off.

    Args:
        statistic: Takes, for each sample, (repeats, n) shares that sum to 1, and gives (repeats,) values.
        sizes: n of each sample.
        repeats: How often items are drawn anew.
        confidence: Of the interval.
        rng: What the draw depends on.

    Returns:
        The value, the lower and the upper end.
    """
    repeats, confidence = count("repeats", repeats), share("confidence", confidence)
    once = float(statistic(*(np.full((1, n), 1 / n) for n in sizes))[0])
    step = max(1, BLOCK // max(sizes))
    parts = [min(step, repeats - start) for start in range(0, repeats, step)]
    drawn = np.concatenate([statistic(*(rng.multinomial(n, np.full(n, 1 / n), p) / n for n in sizes)) for p in parts])
    if np.isnan(once) or np.isnan(drawn).all():
        return np.nan, np.nan, np.nan
    low, high = np.nanquantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return once, float(2 * once - high), float(2 * once - low)


def resultant(
    shares: NDArray[np.float64], rows: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Mean vectors of unit rows, and how long the mean of their whole population is.

    The mean of n vectors is longer than that of all there could be, the more so the fewer they are. With the effective
    number $n = 1 / \sum_i a_i^2$ of the shares a, $\hat r^2 = (n \lVert m \rVert^2 - 1) / (n - 1)$, at least 0.

    Args:
        shares: (repeats, n), each row sums to 1.
        rows: (n, k) of unit length.

    Returns:
        (repeats, k) means m, and (repeats,) estimates of the population's resultant length r, NaN where one item is
        nearly all.
    """
    means = shares @ rows
    n = 1 / np.square(shares).sum(1)
    square = (n * np.square(means).sum(1) - 1) / np.maximum(n - 1, 1e-12)
    return means, np.where(n < 1.5, np.nan, np.sqrt(np.clip(square, 0, 1)))


def middles(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """(b,) the middle of each of b bins, by their b + 1 edges."""
    return (edges[:-1] + edges[1:]) / 2


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
