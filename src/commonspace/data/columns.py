"""From what users have (lists, arrays, frames) to Arrow columns and views."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError


def as_column(name: str, values: ArrayLike | Sequence[object]) -> pa.Array:
    """An Arrow column of n values; None, NaN and NaT become null, paths become strings.

    Raises:
        InputError: If the values have no common type.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "MfiubU":
        return pa.array(values, from_pandas=True)
    try:
        return pa.array([_plain(value) for value in values], from_pandas=True)  # type: ignore[union-attr]
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"{name}: the values have no common type: {error}") from error


def as_view(modality: str, values: NDArray[Any]) -> NDArray[np.float32]:
    """Features given by the user as a view: float32, (n, d) or (n, r, d)."""
    if values.ndim not in (2, 3):
        raise InputError(f"{modality}: expected features of shape (n, d) or (n, r, d), got {values.shape}.")
    return np.asarray(values, np.float32)


def multi_hot(rows: Sequence[Sequence[str] | None], names: Sequence[str]) -> NDArray[np.int8]:
    """(n, c) 0/1: which of the c names each row has."""
    column = {name: j for j, name in enumerate(names)}
    out = np.zeros((len(rows), len(names)), np.int8)
    for i, row in enumerate(rows):
        out[i, [column[name] for name in row or ()]] = 1
    return out


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value
