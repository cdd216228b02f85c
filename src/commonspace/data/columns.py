"""From what users have (lists, arrays, frames) to Arrow columns and views."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError


def as_column(name: str, values: ArrayLike | Sequence[object]) -> pa.Array:
    """An Arrow column of n values; None, NaN and NaT become null, paths become strings.

    Days beside times of day become their midnight, in UTC where those have a time zone.

    Raises:
        InputError: If the values have no common type, no unit holds all dates, or some times have a time zone and
            others have none.
    """
    try:
        if not isinstance(values, np.ndarray) or values.dtype == object:
            values = _one_kind_of_dates(list(values))  # type: ignore[arg-type]
        if isinstance(values, np.ndarray) and not values.dtype.isnative:
            values = values.astype(values.dtype.newbyteorder("="))
        if isinstance(values, np.ndarray) and values.dtype.kind in "MfiubU":
            return pa.array(_arrow_units(values), from_pandas=True)
        return pa.array([_plain(value) for value in values], from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name}: the values have no common type: {error}") from error


def as_items(modality: str, values: Sequence[object] | NDArray[Any]) -> pa.Array:
    """An Arrow column of raw items: a list per item where any item has several parts; arrays as bytes of .npy files.

    Raises:
        InputError: If the items have no common type.
    """
    if any(isinstance(value, list | tuple) for value in values):
        parts = [value if isinstance(value, list | tuple) else [value] for value in values]
        values = [
            None if value is None else [_in_bytes(part) for part in own]
            for value, own in zip(values, parts, strict=True)
        ]
    if not isinstance(values, np.ndarray) or values.dtype == object:
        values = [_in_bytes(value) for value in values]
    return as_column(modality, values)


def _in_bytes(item: object) -> object:
    """An array as the bytes of an .npy file, which a column can hold whatever its shape; anything else as it is."""
    if not isinstance(item, np.ndarray) or item.dtype == object:
        return item
    buffer = BytesIO()
    np.save(buffer, item, allow_pickle=False)
    return buffer.getvalue()


def as_time(values: ArrayLike | Sequence[object]) -> pa.Array:
    """An Arrow column of dates, times or numbers.

    Raises:
        InputError: If the values are of another type, and as `as_column`.
    """
    column = as_column("time", values)
    kinds = (pa.types.is_temporal, pa.types.is_integer, pa.types.is_floating, pa.types.is_null)
    if not any(of_kind(column.type) for of_kind in kinds):
        raise InputError(f"time: expected datetime64, dates or numbers, got {column.type}.")
    return column


def features_of(modality: str, values: Any) -> NDArray[Any] | None:
    """The numbers of a modality that comes as features, be it a frame, a tensor or a masked array; None of raw items.

    Raises:
        InputError: If it is a sparse matrix, or an array that gives no numbers.
    """
    if hasattr(values, "tocoo"):
        raise InputError(f"{modality}: got a sparse matrix; expected a dense array: give it as X.toarray().")
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "fiub":
        return np.where(np.ma.getmaskarray(values), np.nan, np.ma.getdata(values))
    if not isinstance(values, np.ndarray) and len(getattr(values, "shape", ())) in (2, 3):
        try:
            array = np.asarray(values)
            if array.dtype == object and hasattr(values, "convert_dtypes"):  # a frame of pandas, whose gaps are no NaN
                array = values.to_numpy(np.float64, na_value=np.nan)
            values = array
        except (TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{modality}: expected features as numbers, one row per item: {error}.") from error
    return values if isinstance(values, np.ndarray) and values.dtype.kind in "fiub" else None


def as_view(modality: str, values: NDArray[Any]) -> NDArray[np.float32]:
    """Features given by the user as a view: float32, (n, d) or (n, r, d)."""
    if values.ndim not in (2, 3):
        raise InputError(f"{modality}: expected features of shape (n, d) or (n, r, d), got {values.shape}.")
    with np.errstate(over="ignore"):
        view = np.asarray(values, np.float32)
    if values.dtype != np.float32 and np.isinf(view).any() and not np.isinf(values).any():
        raise InputError(f"{modality}: has values beyond the range of float32 (3.4e38); scale the features down.")
    return view


def common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type of a column that holds values of both: of whole numbers and decimals decimals, in lists too.

    Raises:
        pyarrow.ArrowException: If there is none.
    """
    fields = [pa.schema([("", kind)]) for kind in (one, other)]
    return pa.unify_schemas(fields, promote_options="permissive").field(0).type


def parts_present(view: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n, r) which parts of each item are there, r = 1 for a (n, d) view."""
    return np.asarray(~np.isnan(view if view.ndim == 3 else view[:, None]).all(-1))


def multi_hot(rows: Sequence[Sequence[str] | None], names: Sequence[str]) -> NDArray[np.int8]:
    """(n, c) 0/1: which of the c names each row has."""
    column = {name: j for j, name in enumerate(names)}
    out = np.zeros((len(rows), len(names)), np.int8)
    for i, row in enumerate(rows):
        out[i, [column[name] for name in row or ()]] = 1
    return out


def _one_kind_of_dates(values: list[object]) -> list[object] | NDArray[Any]:
    """Values of which all dates can be told in one type without a change; as they are where none is a time of day.

    Raises:
        ValueError: If no unit holds them all, or some times have a time zone and others have none.
    """
    times = [value for value in values if _is_time(value)]
    zones = {isinstance(value, datetime) and value.tzinfo is not None for value in times}
    if len(zones) > 1:
        raise ValueError("some have a time zone and others have none; give all or none one.")
    if any(isinstance(value, np.datetime64) for value in values):
        return _one_unit(values)
    if not times:
        return values
    zone = UTC if True in zones else None
    return [datetime.combine(value, time(), zone) if _is_day(value) else value for value in values]


def _is_time(value: object) -> TypeGuard[datetime | np.datetime64]:
    return isinstance(value, datetime | np.datetime64) and bool(value == value)


def _is_day(value: object) -> TypeGuard[date]:
    return isinstance(value, date) and not isinstance(value, datetime)


def _one_unit(values: list[object]) -> NDArray[Any]:
    """Dates of which some are datetime64 in a unit that changes none: the finest of theirs, else microseconds."""
    own = [(i, np.datetime64(value)) for i, value in enumerate(values) if _is_time(value) or _is_day(value)]
    for unit in ("datetime64", "datetime64[us]"):
        dates = np.array(values, unit)
        if all(value.dtype == dates.dtype or dates[i].astype(value.dtype) == value for i, value in own):
            return dates
    raise ValueError("no unit of time holds both the earliest and the finest of them; give all in one unit.")


def _arrow_units(values: NDArray[Any]) -> NDArray[Any]:
    """Dates in units that Arrow lacks, in the next finer one that it has."""
    unit = np.datetime_data(values.dtype)[0] if values.dtype.kind == "M" else ""
    finer = {"Y": "D", "M": "D", "W": "D", "h": "s", "m": "s"}
    return values.astype(f"datetime64[{finer[unit]}]") if unit in finer else values


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value
