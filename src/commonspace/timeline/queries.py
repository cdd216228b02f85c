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
    row = _row(data, modality, asked)
    if isinstance(space, Diachronic):
        path = space.transform_at({modality: row}, clock.values(instants))[modality][0]
    else:
        embedded = space.transform({modality: row})
        path = np.repeat(next(iter(embedded.values())), len(instants), 0)
    path = path.astype(np.float64)
    length = np.linalg.norm(path, axis=1, keepdims=True)
    return np.asarray(path / np.where(length > 0, length, 1))


def _row(data: Dataset, modality: str, asked: Any) -> NDArray[Any]:
    if isinstance(asked, np.ndarray):
        return np.atleast_2d(asked)
    encoder = data.encoders.get(modality)
    if encoder is None:
        raise UnknownNameError("encoder", modality, data.encoders)
    row = np.asarray(encoder.encode([asked]))
    return row if row.ndim == 2 else row[:, 0]
