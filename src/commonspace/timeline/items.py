"""Embedded items and when they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import InputError, UnknownNameError
from commonspace.spaces import Space
from commonspace.spaces.directions import embed_each, flatten_parts
from commonspace.spaces.temporal.instants import Clock, Times, numbers_of


@dataclass(frozen=True)
class TimedItems:
    """Every part that is there of every item whose time is known, as a row.

    Attributes:
        embeddings: (rows, k) of unit length.
        modality: (rows,) what each row is of.
        item: (rows,) the number of the item in the data set.
        instants: (rows,) when each item is, as numbers of the clock.
        data: The data set.
        clock: The span of time of the data set.
    """

    embeddings: NDArray[np.float64]
    modality: NDArray[np.str_]
    item: NDArray[np.int64]
    instants: NDArray[np.float64]
    data: Dataset
    clock: Clock

    @classmethod
    def of(cls, space: Space, data: Dataset, modality: str | None = None) -> Self:
        """Embeds a data set, each item at its own time if the space uses time.

        Args:
            space: A fitted space.
            data: Items with times.
            modality: The one to embed; None takes all that the space knows.

        Raises:
            InputError: If the data set has no times, or all are one instant.
            UnknownNameError: If the modality is not in the data set, or the space has not learnt it.
        """
        if data.time is None:
            raise InputError("time: the data set has none, and what happens over time was asked.")
        known = [m for m in data.modalities if m in space.modalities_]
        if modality is not None and modality not in known:
            raise UnknownNameError("modality", modality, known)
        instants, kind = numbers_of(data.time)
        clock = Clock.of(instants, kind)
        views = {m: data.view(m) for m in ([modality] if modality else known)}
        embedded = embed_each(space, views, time=data.time if space.tags.uses_time else None)
        flat = {m: flatten_parts(z) for m, z in embedded.items()}
        z = np.concatenate([rows for rows, _ in flat.values()]).astype(np.float64)
        item = np.concatenate([of for _, of in flat.values()])
        names = np.concatenate([np.full(len(of), m) for m, (_, of) in flat.items()])
        there = ~np.isnan(instants[item])
        length = np.linalg.norm(z, axis=1, keepdims=True)
        unit = z / np.where(length > 0, length, 1)
        return cls(unit[there], names[there], item[there], instants[item][there], data, clock)

    def __len__(self) -> int:
        return len(self.item)

    def take(self, rows: NDArray[Any]) -> Self:
        """Some of the rows, by mask or position."""
        kept = (self.embeddings[rows], self.modality[rows], self.item[rows], self.instants[rows])
        return type(self)(*kept, self.data, self.clock)

    def of_class(self, label: object) -> Self:
        """The rows of one class, of items with one label or several.

        Raises:
            InputError: If the data set has no labels.
            UnknownNameError: If no item has the label.
        """
        labels, names = self.data.labels, self.data.label_names
        if labels is None:
            raise InputError(f"class {label!r}: the data set has no labels.")
        if names is not None:
            if label not in names:
                raise UnknownNameError("class", str(label), names)
            has = np.asarray(labels)[:, names.index(str(label))] > 0
        else:
            has = np.array([entry == label for entry in labels.tolist()])
            if not has.any():
                known = dict.fromkeys(str(entry) for entry in labels.tolist() if entry is not None)
                raise UnknownNameError("class", str(label), known)
        return self.take(has[self.item])

    def around(self, instant: float, window: float) -> Self:
        """The rows at most a window away from an instant."""
        return self.take(np.abs(self.instants - instant) <= window)


def bin_edges(bins: int | Times, clock: Clock) -> NDArray[np.float64]:
    """The edges of bins of time: so many of equal length over the span, or those that are given.

    Args:
        bins: A number, or ascending edges, dates or numbers as the times are.
        clock: The span.

    Raises:
        InputError: If edges do not ascend, or there are fewer than two; or a number below 1.
    """
    if isinstance(bins, int | np.integer):
        if isinstance(bins, bool) or bins < 1:
            raise InputError(f"bins: expected a number of 1 or more, or edges, got {bins!r}.")
        return np.linspace(clock.start, clock.end, int(bins) + 1)
    edges = clock.numbers(bins)
    if len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise InputError("bins: expected at least two edges that ascend.")
    return edges


def bin_of(instants: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) the bin [edge, next edge) of each instant, the last one closed; -1 outside all."""
    found = np.searchsorted(edges, instants, side="right") - 1
    found[instants == edges[-1]] = len(edges) - 2
    found[(instants < edges[0]) | (instants > edges[-1])] = -1
    return found
