"""Parameters that are given per modality: which columns belong together, and how much is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import ParameterError
from commonspace.spaces.views import check_names

from .penalised import GroupNorm


def group_norms(
    groups: Mapping[str, Sequence[Any] | NDArray[Any]] | None, dims: Mapping[str, int]
) -> dict[str, GroupNorm]:
    """Modality -> the norm over its groups of columns; every column by itself where no groups are given.

    Raises:
        ParameterError: If a modality is unknown, or its groups are not one number or string per column.
    """
    check_names("groups", groups, dims)
    return {m: GroupNorm(_check_groups(m, (groups or {}).get(m, range(d)), d)) for m, d in dims.items()}


def shares(name: str, value: float | Mapping[str, float], dims: Mapping[str, int]) -> dict[str, float]:
    """Modality -> a number of [0, 1), from one for all or one for each.

    Raises:
        ParameterError: If a modality is unknown or has none, or a number is out of range.
    """
    if not isinstance(value, Mapping):
        return dict.fromkeys(dims, float(value))
    check_names(name, value, dims)
    for m in dims:
        if m not in value:
            raise ParameterError(f"{name}: {m} has no entry; give one for each of {', '.join(dims)}, or one number.")
        share = value[m]
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= share < 1:
            raise ParameterError(f"{name}: expected a number of at least 0 and less than 1 for {m}, got {share!r}.")
    return {m: float(value[m]) for m in dims}


def _check_groups(modality: str, groups: Any, d: int) -> list[Any]:
    integers = isinstance(groups, np.ndarray) and groups.ndim == 1 and groups.dtype.kind in "iu"
    if not integers and not isinstance(groups, list | tuple | range):
        raise ParameterError(
            f"groups: expected a list with the group of each column of {modality}, got {type(groups).__name__}."
        )
    ids = list(groups)
    if len(ids) != d:
        raise ParameterError(f"groups: {modality} has {d} columns, got {len(ids)} groups; give one for each column.")
    if not (all(isinstance(g, str) for g in ids) or all(isinstance(g, int | np.integer) for g in ids)):
        raise ParameterError(f"groups: expected whole numbers, or strings, for {modality}; got something else.")
    return ids
