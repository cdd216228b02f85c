"""How far classes move from one bin of time to the next, and how near two of them are."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import ParameterError
from commonspace.spaces import Space
from commonspace.spaces.temporal.instants import Times

from .curves import LEAST, Curve, bootstrap, resultant
from .items import TimedItems, bin_edges, bin_of, has_label

LEAST_PLACE = 0.04
"""A product of lengths below which a cosine says nothing: classes so dispersed have no place."""

Since = Literal["previous", "first"]


def drift(
    space: Space,
    data: Dataset,
    label: object,
    *,
    modality: str | None = None,
    bins: int | Times = 10,
    since: Since = "previous",
    repeats: int = 1000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Curve:
    r"""How far a class has moved since the bin before, or since the first one.

    With the means $\bar z_a, \bar z_b$ of the class's unit vectors in two bins, and the lengths $\hat r$ of
    `dispersion`, which few items do not make too long,

    $$1 - \frac{\bar z_a \cdot \bar z_b}{\hat r_a \hat r_b} :$$

    0, up to chance and on either side, where the class stays; 1 where it has turned by a right angle.

    Args:
        space: A fitted space; one that uses time embeds each item at its own.
        data: Items with times and labels.
        label: The class.
        modality: Of the items; None takes all.
        bins: How many, of equal length; or their edges.
        since: "previous", the nearest bin before that holds enough items; or "first".
        repeats: Of the bootstrap.
        confidence: Of the interval.
        random_state: Of the bootstrap.

    Returns:
        (b,) values, one for each bin, with a bootstrap interval over items, an item with parts or in several modalities
        being their mean; NaN for the first, for bins of fewer than five items, and where a class is so dispersed that
        it is nowhere.

    Raises:
        InputError: If the data set has no times or labels.
        ParameterError: If `since` is neither of the two.
        UnknownNameError: If there is no such class or modality.

    References:
        As `dispersion`.

    Example:
        ```python
        curve = drift(space, data, "war", bins=2, since="first")
        curve.values  # (2,): NaN, as nothing was before, and how far the class has moved since
        ```
    """
    if since not in ("previous", "first"):
        raise ParameterError(f"since: expected 'previous' or 'first', got {since!r}.")
    items = TimedItems.of(space, data, modality).of_class(label).by_item()
    edges = bin_edges(bins, items.clock)
    parts = _parts(items, edges)
    rng = np.random.default_rng(random_state)
    found = np.full((3, len(parts)), np.nan)
    before: NDArray[np.float64] | None = None
    for b, rows in enumerate(parts):
        if len(rows) < LEAST:
            continue
        if before is not None:
            sizes = len(before), len(rows)
            cosine = _cosine_of(before, rows)
            found[:, b] = bootstrap(cosine, sizes, repeats=repeats, confidence=confidence, rng=rng)
        if before is None or since == "previous":
            before = rows
    counts = np.array([len(rows) for rows in parts])
    values, high, low = 1 - found
    return Curve(f"drift of {label} since the {since} bin", edges, values, low, high, counts, items.clock)


def compare(
    space: Space,
    data: Dataset,
    first: object,
    second: object,
    *,
    modality: str | None = None,
    bins: int | Times = 10,
    repeats: int = 1000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Curve:
    r"""How near two classes are in each bin of time: the cosine of their means, not made smaller by few items.

    With the means $\bar z_a, \bar z_b$ of the unit vectors of both classes in a bin, and the lengths $\hat r$ of
    `dispersion`,

    $$\frac{\bar z_a \cdot \bar z_b}{\hat r_a \hat r_b} :$$

    1, up to chance and on either side, where both are in one place; 0 where they have nothing in common. Items that are
    of both count for neither: they would be near themselves.

    Args:
        space: A fitted space; one that uses time embeds each item at its own.
        data: Items with times and labels.
        first: A class.
        second: Another.
        modality: Of the items; None takes all.
        bins: How many, of equal length; or their edges.
        repeats: Of the bootstrap.
        confidence: Of the interval.
        random_state: Of the bootstrap.

    Returns:
        (b,) values, one for each bin, with a bootstrap interval over items; items counted are those of the smaller
        class, and bins where it has fewer than five have NaN, as have those where a class is so dispersed that it is
        nowhere.

    Raises:
        InputError: If the data set has no times or labels.
        UnknownNameError: If there is no such class or modality.

    References:
        As `dispersion`.

    Example:
        ```python
        curve = compare(space, data, "war", "romance", bins=2)
        curve.values  # (2,); curve.counts are those of the smaller class
        ```
    """
    has = has_label(data, first), has_label(data, second)
    items = TimedItems.of(space, data, modality).by_item()
    edges = bin_edges(bins, items.clock)
    alone = [one & ~(has[0] & has[1]) for one in has]
    parts = [_parts(items.take(one[items.item]), edges) for one in alone]
    rng = np.random.default_rng(random_state)
    found = np.full((3, len(edges) - 1), np.nan)
    counts = np.array([min(len(a), len(b)) for a, b in zip(*parts, strict=True)])
    for i, (a, b) in enumerate(zip(*parts, strict=True)):
        if counts[i] >= LEAST:
            sizes = len(a), len(b)
            found[:, i] = bootstrap(_cosine_of(a, b), sizes, repeats=repeats, confidence=confidence, rng=rng)
    values, low, high = found
    return Curve(f"similarity of {first} and {second}", edges, values, low, high, counts, items.clock)


def _parts(items: TimedItems, edges: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The rows of each bin."""
    where = bin_of(items.instants, edges)
    return [items.embeddings[where == b] for b in range(len(edges) - 1)]


def _cosine_of(first: NDArray[np.float64], second: NDArray[np.float64]) -> Any:
    def cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        (mean_a, r_a), (mean_b, r_b) = resultant(a, first), resultant(b, second)
        length = r_a * r_b
        return np.asarray((mean_a * mean_b).sum(1) / np.where(length < LEAST_PLACE, np.nan, length))

    return cosine
