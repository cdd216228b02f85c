"""Questions asked at instants."""

from __future__ import annotations

from collections.abc import Mapping
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
    if len(query) != 1:
        raise InputError(f"query: expected one modality, for example {{'text': 'war'}}, got {len(query)}.")
    ((modality, asked),) = query.items()
    if modality not in space.modalities_:
        raise UnknownNameError("modality", modality, space.modalities_)
    row = _row(space, data, modality, asked)
    if isinstance(space, Diachronic):
        path = space.transform_at({modality: row}, clock.values(instants))[modality][0]
    else:
        embedded = space.transform({modality: row})
        path = np.repeat(next(iter(embedded.values())), len(instants), 0)
    return unit(path.astype(np.float64))


def name_of(query: Mapping[str, Any]) -> str:
    """A question for people: its words, or what it is a row of."""
    return ", ".join(part[:60] if isinstance(part, str) else f"a {m}" for m, part in query.items())


def _row(space: Space, data: Dataset, modality: str, asked: Any) -> NDArray[Any]:
    """(1, d) what the space is given of a raw item, or of a row of features."""
    dim = space.dims_[modality]
    if isinstance(asked, np.ndarray | list | tuple):
        row = np.asarray(asked, np.float64)
    else:
        encoder = data.encoders.get(modality)
        if encoder is None:
            raise UnknownNameError("encoder", modality, data.encoders)
        row = np.asarray(encoder.encode([asked]))
        row = row if row.ndim == 2 else row[:, 0]
    if row.shape not in ((dim,), (1, dim)) or not np.isfinite(row).all():
        raise InputError(f"query: {modality}: expected a row of {dim} finite numbers, got an array of {row.shape}.")
    return row.reshape(1, dim)
