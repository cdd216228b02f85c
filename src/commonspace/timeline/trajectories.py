"""Where a question or a class is at each instant, and what is near it there."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import InputError, UnknownNameError
from commonspace.spaces import Space
from commonspace.spaces.temporal.base import TemporalSpace
from commonspace.spaces.temporal.diachronic import Diachronic
from commonspace.spaces.temporal.instants import Clock, Times
from commonspace.spaces.temporal.windows import default_window

from .checks import count, distance
from .items import TimedItems
from .queries import name_of, path_of

_logger = logging.getLogger("commonspace")


@dataclass(frozen=True)
class Neighbour:
    """An item near a trajectory.

    Attributes:
        id: Of the item.
        score: Its cosine to what is looked for at that instant: the question, or what is typical of the class.
        time: When it is, written.
        modality: What was found.
    """

    id: str
    score: float
    time: str
    modality: str


@dataclass(frozen=True)
class Trajectory:
    """A path through the space.

    Attributes:
        name: What moves.
        instants: (T,) as numbers of the clock.
        path: (T, k) of unit length; NaN at instants that have no item of a class within the window.
        neighbours: For each instant the items nearest to a question, or most typical of a class, the first ones first.
        outside: (T,) instants outside those the space has learnt from, or the data set spans.
        window: How far neighbours are from their instant at most; 0 where they have no time of their own.
        clock: Of what kind the times are.
    """

    name: str
    instants: NDArray[np.float64]
    path: NDArray[np.float64]
    neighbours: tuple[tuple[Neighbour, ...], ...]
    outside: NDArray[np.bool_]
    window: float
    clock: Clock

    def to_dict(self) -> dict[str, Any]:
        """JSON types: a list of instants, each with what is near."""
        return {
            "name": self.name,
            "instants": [
                {
                    "time": self.clock.written(instant),
                    "outside": bool(outside),
                    "neighbours": [vars(neighbour) for neighbour in found],
                }
                for instant, outside, found in zip(self.instants, self.outside, self.neighbours, strict=True)
            ],
        }


def trajectory(
    space: Space,
    data: Dataset,
    of: object,
    times: int | Times = 21,
    *,
    to: str,
    k: int = 5,
    window: float | None = None,
) -> Trajectory:
    r"""Sweeps time: where a question or a class is at each instant, and what is near or typical of that time.

    A question q stays what it is and is embedded at each instant t. A class is, at each instant, the mean $m_t$ of its
    items within the window, each embedded at its own time, brought to unit length:

    $$p_t = z_t(q) \quad \text{or} \quad p_t = \frac{m_t}{\lVert m_t \rVert}.$$

    Neighbours are the items within the window with the highest cosine to $p_t$ of a question, and to $m_t - M_t$ of a
    class, with $M_t$ the mean of all items there. So they are what is typical of the class: items of several classes,
    such as films that are dramas too, would else bring those nearer that are of the other class alone.

    Args:
        space: A fitted space. In a static one a question stays where it is, and only the items near it change.
        data: Items with times, among which neighbours are looked for.
        of: A label of `data`; or a query, modality -> a raw item or a row of features.
        times: Instants; or how many, evenly over the span of the data.
        to: The modality of the neighbours.
        k: How many neighbours at each instant.
        window: How far from the instant they may be, in days or in the unit of the times; None takes that of the space
            where its times are of the same kind, or what holds a twentieth of the items.

    Raises:
        InputError: If the data set has no times, an instant is unknown, or the query is not as described.
        ParameterError: If a number is out of its range.
        UnknownNameError: If there is no such class or modality.

    Example:
        ```python
        found = trajectory(space, data, {"text": "war"}, [1932, 1945], to="image", k=3)
        found.path.shape  # (2, 8): two instants in a space of eight dimensions
        [neighbour.id for neighbour in found.neighbours[0]]  # three posters of about 1932
        ```
    """
    k = count("k", k)
    query = of if isinstance(of, Mapping) else None
    everything = TimedItems.of(space, data, None if query is None else to)
    items, clock = everything.take(everything.modality == to), everything.clock
    if not len(items):
        raise UnknownNameError("modality", to, sorted(set(everything.modality)))
    instants, outside = sweep_of(space, times, clock)
    if window is None:
        known = isinstance(space, TemporalSpace) and space.time_kind_ == clock.kind  # else its unit is another
        window = float(space.window_) if known else default_window(everything.instants)
    window = distance("window", window)
    if query is not None:
        path, name = path_of(space, data, query, instants, clock), name_of(query)
        sought = path
    else:
        means, name = _means(everything.of_class(of).by_item(), instants, window), str(of)
        path, sought = _unit(means), _unit(means - _means(everything.by_item(), instants, window), otherwise=means)
    found = [_near(items.around(float(t), window), p, k) for t, p in zip(instants, sought, strict=True)]
    return Trajectory(name, instants, path, tuple(found), outside, window, clock)


def sweep_of(space: Space, times: int | Times, clock: Clock) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The instants of a sweep, and which of them lie outside what the space has learnt from or the data set spans.

    Args:
        space: A fitted space.
        times: Instants; or how many, evenly over the span of the data.
        clock: Of the data set.

    Raises:
        InputError: If an instant is unknown or of another kind.
        ParameterError: If a number of instants is below 1.
    """
    if np.ndim(np.asarray(times, object)) == 0:
        instants = np.linspace(clock.start, clock.end, count("times", times))
    else:
        instants = clock.numbers(times, name="times")
    if np.isnan(instants).any():
        raise InputError("times: expected known instants, got an unknown one.")
    outside = clock.outside(instants)
    if isinstance(space, Diachronic):
        outside |= space.clock_.outside(instants)
    if outside.any():
        _logger.warning("times: %d of %d instants lie outside those of the data", int(outside.sum()), len(instants))
    return instants, outside


def _means(items: TimedItems, instants: NDArray[np.float64], window: float) -> NDArray[np.float64]:
    """The mean of the items around each instant, NaN where there are none."""
    means = np.full((len(instants), items.embeddings.shape[1]), np.nan)
    for i, instant in enumerate(instants):
        near = items.around(float(instant), window)
        if len(near):
            means[i] = near.embeddings.mean(0)
    return means


def _unit(rows: NDArray[np.float64], otherwise: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Rows of unit length; in place of a row of hardly any length, that of `otherwise`."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    if otherwise is not None:
        return np.where(length < 1e-9, _unit(otherwise), rows / np.maximum(length, 1e-12))
    return np.asarray(rows / np.maximum(length, 1e-12))


def _near(items: TimedItems, point: NDArray[np.float64], k: int) -> tuple[Neighbour, ...]:
    """The k nearest items, each by its nearest part."""
    if np.isnan(point).any():
        return ()
    scores = items.embeddings @ point
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(items.item[order], return_index=True)
    best = order[np.sort(first)][:k]
    return tuple(
        Neighbour(
            str(items.data.ids[items.item[row]]),
            float(scores[row]),
            items.clock.written(float(items.instants[row])),
            str(items.modality[row]),
        )
        for row in best
    )
