"""Embedded items and when they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from commonspace.data import Dataset
from commonspace.errors import InputError, UnknownNameError
from commonspace.spaces import Space
from commonspace.spaces.directions import embed_each, flatten_parts
from commonspace.spaces.temporal.instants import Clock, Times, numbers_of

from .checks import count


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
        """Embeds a data set, each item at its own time if the space conditions on time.

        Args:
            space: A fitted space.
            data: Items with times.
            modality: The one to embed; None takes all that the space knows.

        Raises:
            InputError: If the data set has no times, all are one instant, or there is nothing to embed.
            UnknownNameError: If the modality is not in the data set, or the space has not learnt it.
        """
        check_is_fitted(space)
        if data.time is None:
            raise InputError("time: the data set has none, and what happens over time was asked.")
        known = [m for m in data.modalities if m in space.modalities_]
        if not known or (modality is not None and modality not in known):
            raise UnknownNameError("modality", modality or ", ".join(data.modalities), known or space.modalities_)
        instants, kind = numbers_of(data.time)
        clock = Clock.of(instants, kind)
        views = {m: data.view(m) for m in ([modality] if modality else known)}
        embedded = embed_each(space, views, time=data.time if space.tags.embeds_time else None)
        flat = {m: flatten_parts(z) for m, z in embedded.items()}
        z = np.concatenate([rows for rows, _ in flat.values()]).astype(np.float64)
        item = np.concatenate([of for _, of in flat.values()])
        names = np.concatenate([np.full(len(of), m) for m, (_, of) in flat.items()])
        there = ~np.isnan(instants[item])
        if not there.any():
            raise InputError(f"{modality or ', '.join(known)}: no item whose time is known has it.")
        found = cls(z, names, item, instants[item], data, clock).take(there)
        return cls(unit(found.embeddings), found.modality, found.item, found.instants, data, clock)

    def __len__(self) -> int:
        return len(self.item)

    def take(self, rows: NDArray[Any]) -> Self:
        """Some of the rows, by mask or position."""
        kept = (self.embeddings[rows], self.modality[rows], self.item[rows], self.instants[rows])
        return type(self)(*kept, self.data, self.clock)

    def by_item(self) -> Self:
        """One row per item, the mean of its parts and modalities, of unit length: parts are not independent."""
        items, first, which = np.unique(self.item, return_index=True, return_inverse=True)
        if len(items) == len(self):
            return self
        sums = np.zeros((len(items), self.embeddings.shape[1]))
        np.add.at(sums, which, self.embeddings)
        alone = self.take(first)
        return type(self)(unit(sums), alone.modality, items, alone.instants, self.data, self.clock)

    def of_class(self, label: object) -> Self:
        """The rows of one class, of items with one label or several; a label's text names it too.

        Raises:
            InputError: If the data set has no labels.
            UnknownNameError: If there is no such class.
        """
        return self.take(has_label(self.data, label)[self.item])

    def around(self, instant: float, window: float) -> Self:
        """The rows at most a window away from an instant."""
        return self.take(np.abs(self.instants - instant) <= window)


def has_label(data: Dataset, label: object) -> NDArray[np.bool_]:
    """(n,) which items are of a class.

    Raises:
        InputError: If the data set has no labels.
        UnknownNameError: If there is no such class.
    """
    labels, names = data.labels, data.label_names
    if labels is None:
        raise InputError(f"class {label!r}: the data set has no labels.")
    if names is not None:
        if str(label) not in names:
            raise UnknownNameError("class", str(label), names)
        return np.asarray(np.asarray(labels)[:, names.index(str(label))] > 0)
    entries = labels.tolist()
    has = np.array([entry is not None and (entry == label or str(entry) == str(label)) for entry in entries])
    if not has.any():
        raise UnknownNameError("class", str(label), dict.fromkeys(str(entry) for entry in entries if entry is not None))
    return has


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of unit length; zeros stay zeros."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1))


def bin_edges(bins: int | Times, clock: Clock) -> NDArray[np.float64]:
    """The edges of bins of time: so many of equal length over the span, or those that are given.

    Args:
        bins: A number, or ascending edges, dates or numbers as the times are.
        clock: The span.

    Raises:
        InputError: If edges do not ascend, or there are fewer than two.
        ParameterError: If it is neither edges nor a whole number of 1 or more.
    """
    if np.ndim(np.asarray(bins, object)) == 0:
        return np.linspace(clock.start, clock.end, count("bins", bins) + 1)
    edges = clock.numbers(bins, name="bins")
    if len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise InputError("bins: expected at least two edges that ascend.")
    return edges


def bin_of(instants: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) the bin [edge, next edge) of each instant, the last one closed; -1 outside all."""
    found = np.searchsorted(edges, instants, side="right") - 1
    found[instants == edges[-1]] = len(edges) - 2
    found[(instants < edges[0]) | (instants > edges[-1])] = -1
    return found
