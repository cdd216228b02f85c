"""Questions asked at instants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import InputError, UnknownNameError
from commonspace.spaces import Space
from commonspace.spaces.temporal.diachronic import Diachronic
from commonspace.spaces.temporal.instants import Clock

from .items import unit


def path_of(
    space: Space, data: Dataset, query: Mapping[str, Any], instants: NDArray[np.float64], clock: Clock
) -> NDArray[np.float64]:
    """(T, k) where a question of one modality is at each instant, of unit length; in a static space always the same.

    Args:
        space: A fitted space.
        data: Whose encoder is asked, where the question is a raw item.
        query: One modality -> a raw item, or a row of features.
        instants: (T,) numbers of the clock.
        clock: Of the instants.

    Raises:
        InputError: If the query is not of one modality, or a row has other columns than the space has learnt.
        UnknownNameError: If the space does not know the modality, or a raw item has no encoder.
    """
    modality, asked = one_modality("query", query, "'war'")
    (path,) = paths_of(space, data, modality, [asked], instants, clock)
    return np.asarray(path)


def paths_of(
    space: Space,
    data: Dataset,
    modality: str,
    items: Sequence[Any] | NDArray[Any],
    instants: NDArray[np.float64],
    clock: Clock,
) -> NDArray[np.float64]:
    """(n, T, k) where each of n items of a modality is at each instant; see `path_of`."""
    if modality not in space.modalities_:
        raise UnknownNameError("modality", modality, space.modalities_)
    rows = _rows(space, data, modality, items)
    if isinstance(space, Diachronic):
        paths = space.transform_at({modality: rows}, clock.values(instants))[modality]
    else:
        embedded = next(iter(space.transform({modality: rows}).values()))
        paths = np.repeat(embedded[:, None], len(instants), 1)
    return unit(paths.astype(np.float64))


def one_modality(name: str, given: Mapping[str, Any], example: str) -> tuple[str, Any]:
    """The only entry of a mapping by modality.

    Raises:
        InputError: If there is none, or more than one.
    """
    if len(given) != 1:
        raise InputError(f"{name}: expected one modality, for example {{'text': {example}}}, got {len(given)}.")
    ((modality, value),) = given.items()
    return modality, value


def name_of(query: Mapping[str, Any]) -> str:
    """A question for people: its words, or what it is a row of."""
    return ", ".join(part[:60] if isinstance(part, str) else f"a {m}" for m, part in query.items())


def _rows(space: Space, data: Dataset, modality: str, items: Sequence[Any] | NDArray[Any]) -> NDArray[Any]:
    """(n, d) what the space is given of raw items, which are encoded together, or of rows of features."""
    dim = space.dims_[modality]
    raw = [item for item in items if not isinstance(item, np.ndarray | list | tuple)]
    encoded: Iterator[NDArray[Any]] = iter(())
    if raw:
        encoder = data.encoders.get(modality)
        if encoder is None:
            raise UnknownNameError("encoder", modality, data.encoders)
        found = np.asarray(encoder.encode(raw))
        encoded = iter(found if found.ndim == 2 else found[:, 0])
    rows = [
        np.asarray(item, np.float64) if isinstance(item, np.ndarray | list | tuple) else next(encoded) for item in items
    ]
    for row in rows:
        if row.shape not in ((dim,), (1, dim)) or not np.isfinite(row).all():
            raise InputError(f"query: {modality}: expected a row of {dim} finite numbers, got an array of {row.shape}.")
    return np.stack([row.reshape(dim) for row in rows])
