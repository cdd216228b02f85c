"""Semantic dispersion: how far what is meant spreads, year by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import ParameterError
from commonspace.spaces import Space
from commonspace.spaces.temporal.instants import Clock, Times

from .checks import count
from .curves import LEAST, Curve, bootstrap, middles, resultant
from .items import TimedItems, bin_edges, bin_of
from .queries import name_of, path_of


def dispersion(
    space: Space,
    data: Dataset,
    of: object,
    *,
    modality: str | None = None,
    bins: int | Times = 10,
    k: int = 20,
    repeats: int = 1000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Curve:
    r"""How far a class, or what is nearest to a query, spreads in the space in each bin of time.

    Of unit vectors $z_1, \dots, z_n$, the items of a class, or the k nearest to a query among the items of the bin, an
    item with parts or in several modalities being their mean,

    $$D = 1 - \hat r, \qquad \hat r^2 = \frac{n \lVert \bar z \rVert^2 - 1}{n - 1},$$

    which is the mean of $1 - \cos(z_i, \bar z)$ but for what few items seem nearer to one another than they are. 0: all
    alike; 1: in all directions. The definition is our reading of the webinar's "semantic dispersion over time". The
    expectation of $\lVert \bar z \rVert^2$ is $r^2 + (1 - r^2) / n$, with r the length of the mean of all there could
    be; solved for r that is the formula, in which a negative square counts as 0.

    Args:
        space: A fitted space; one that uses time embeds each item at its own.
        data: Items with times.
        of: A label of `data`; or a query, modality -> a raw item or a row of features. A query is asked at the middle
            of each bin.
        modality: Of the items whose spread is told; None takes all. For a query it must be named, and its k nearest
            are what spreads.
        bins: How many, of equal length; or their edges.
        k: How many neighbours of a query.
        repeats: Of the bootstrap.
        confidence: Of the interval.
        random_state: Of the bootstrap.

    Returns:
        (b,) values, one for each bin, with a bootstrap interval over items, and the number of items; NaN for bins of
        fewer than five.

    Raises:
        InputError: If the data set has no times, or the query is not as described.
        ParameterError: If a number is out of its range, or a query comes without a modality.
        UnknownNameError: If there is no such class or modality.

    References:
        K. V. Mardia, P. E. Jupp, Directional statistics, Wiley 2000, for the mean resultant length; B. Efron, R. J.
        Tibshirani, An introduction to the bootstrap, Chapman & Hall 1993.

    Example:
        ```python
        curve = dispersion(space, data, "war", modality="image", bins=2)
        curve.values  # (2,), between curve.low and curve.high; curve.counts says of how many items
        dispersion(space, data, {"text": "war"}, modality="image", bins=[1930, 1940, 1950], k=10)
        ```
    """
    query, k = of if isinstance(of, Mapping) else None, count("k", k)
    if query is not None and modality is None:
        raise ParameterError("modality: name the one in which the neighbours of a question are looked for.")
    items = TimedItems.of(space, data, modality)
    edges = bin_edges(bins, items.clock)
    items = (items if query is not None else items.of_class(of)).by_item()
    path = None if query is None else path_of(space, data, query, middles(edges), items.clock)
    where = bin_of(items.instants, edges)
    samples = [items.embeddings[where == b] for b in range(len(edges) - 1)]
    if path is not None:
        samples = [rows[np.argsort(-(rows @ at), kind="stable")[:k]] for rows, at in zip(samples, path, strict=True)]
    name = f"dispersion of {of if query is None else name_of(query)}"
    return spread_curve(
        name, samples, edges, items.clock, repeats=repeats, confidence=confidence, random_state=random_state
    )


def spread_curve(
    name: str,
    samples: Sequence[NDArray[np.float64]],
    edges: NDArray[np.float64],
    clock: Clock,
    *,
    repeats: int = 1000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Curve:
    """How far items spread, of each bin those that are given; see `dispersion`.

    Args:
        name: Of the curve.
        samples: For each bin (n, k) its items, of unit length.
        edges: (b + 1,) of the bins, as numbers of the clock.
        clock: Of the times.
        repeats: Of the bootstrap.
        confidence: Of the interval.
        random_state: Of the bootstrap.
    """
    rng = np.random.default_rng(random_state)
    counts = np.array([len(rows) for rows in samples], np.int64)
    found = np.full((3, len(samples)), np.nan)
    for b, rows in enumerate(samples):
        if len(rows) >= LEAST:
            statistic = _spread_of(rows)
            found[:, b] = bootstrap(statistic, (len(rows),), repeats=repeats, confidence=confidence, rng=rng)
    values, low, high = found
    return Curve(name, edges, values, np.maximum(low, 0), high, counts, clock)


def _spread_of(rows: NDArray[np.float64]) -> Any:
    return lambda shares: 1 - resultant(shares, rows)[1]
