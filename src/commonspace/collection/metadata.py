"""Metadata as the user has it -> typed Arrow columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from commonspace.errors import InputError

from .columns import check_field, stored_type

Metadata: TypeAlias = pa.Table | Mapping[str, Sequence[Any]]
Columns = dict[str, pa.Array]

# What Python's date and datetime can show: years 1 to 9999, in days and microseconds since 1970.
_DAYS = (-719_162, 2_932_896)
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)


def typed_columns(metadata: Metadata | None, n: int) -> Columns:
    """Field -> typed column of n values, NaN and NaT as null.

    Raises:
        InputError: If a name is reserved, a length differs, or a column is of mixed or unsupported types.
    """
    if metadata is None:
        return {}
    if not isinstance(metadata, pa.Table | Mapping):
        raise InputError(
            f"metadata: expected a mapping field -> values or a pyarrow Table, got {type(metadata).__name__}."
        )
    columns = (
        dict(zip(metadata.column_names, metadata.columns, strict=True)) if isinstance(metadata, pa.Table) else metadata
    )
    return {check_field(name): typed_column(name, values, n) for name, values in columns.items()}


def typed_column(field: str, values: Any, n: int) -> pa.Array:
    """One field's values as an Arrow array of a stored type.

    Raises:
        InputError: If there are not n, or they are of mixed or unsupported types.
    """
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise InputError(f"metadata field {field!r}: expected {n} values, got {values!r}.")
    if len(values) != n:
        raise InputError(f"metadata field {field!r}: expected {n} values, one per item, got {len(values)}.")
    try:
        array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else _as_arrow(values)
        kind = stored_type(array.type)
        if kind is None:
            raise InputError(
                f"metadata field {field!r}: {array.type} cannot be stored; give text, numbers, dates, or lists of them."
            )
        if pa.types.is_timestamp(array.type) and array.type.unit == "ns":
            array = pc.floor_temporal(array, unit="microsecond")  # as NumPy cuts them; a cast would go towards 1970
        array = array.cast(kind)
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise InputError(f"metadata field {field!r}: the values are not of one storable type ({error}).") from error
    if pa.types.is_floating(kind):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, kind), array)
    for matches, whole, (low, high) in (
        (pa.types.is_date32, pa.int32(), _DAYS),
        (pa.types.is_timestamp, pa.int64(), _MICROSECONDS),
    ):
        if matches(kind):
            ends = pc.min_max(array.view(whole))
            if ends["min"].is_valid and (ends["min"].as_py() < low or ends["max"].as_py() > high):
                raise InputError(
                    f"metadata field {field!r}: a date lies outside the years 1 to 9999; give years as numbers."
                )
    return array


def match_types(columns: Columns, stored: Mapping[str, pa.DataType]) -> Columns:
    """Columns in the types the table already has; fields new to the table that hold only nulls are left out.

    Raises:
        InputError: If a field's values do not fit its stored type.
    """
    matched: Columns = {}
    for field, array in columns.items():
        wanted = stored.get(field, array.type)
        if pa.types.is_null(wanted):
            continue
        numbers = pa.types.is_primitive(wanted) and all(
            pa.types.is_integer(t) or pa.types.is_floating(t) for t in (wanted, array.type)
        )
        if array.type != wanted and not (numbers or array.null_count == len(array)):
            raise InputError(f"metadata field {field!r}: the collection holds {wanted}, got {array.type}.")
        try:
            matched[field] = array.cast(wanted) if numbers or array.type == wanted else pa.nulls(len(array), wanted)
        except pa.ArrowInvalid as error:
            raise InputError(
                f"metadata field {field!r}: the collection holds {wanted}, got {array.type} ({error})."
            ) from error
    return matched


def label_values(labels: np.ndarray[Any, Any], names: Sequence[str] | None) -> list[Any]:
    """Labels as metadata; None for unlabelled.

    Returns:
        An integer per item where all labels are whole numbers, else a text per item; or a list of names where an item
        may have several.
    """
    if labels.ndim == 1:
        given = [None if label is None or label != label else label for label in labels.tolist()]
        # Integers with gaps may come as floats: NumPy has no other way to leave one out.
        if all(label is None or _is_whole(label) for label in given):
            return [None if label is None else int(label) for label in given]
        return [None if label is None else str(label) for label in given]
    names = names if names is not None else [str(i) for i in range(labels.shape[1])]
    rows = np.asarray(labels, np.float64)
    return [None if np.isnan(row).any() else [str(names[j]) for j in np.flatnonzero(row).tolist()] for row in rows]


def _is_whole(label: object) -> bool:
    if isinstance(label, float | np.floating):
        return float(label).is_integer()
    return isinstance(label, int | np.integer) and not isinstance(label, bool)


def _as_arrow(values: Any) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "M" and np.datetime_data(values.dtype)[0] in ("Y", "M", "W"):
            values = values.astype("datetime64[D]")  # the coarser units have no Arrow type
        elif values.ndim > 1:
            values = list(values)
    array = pa.array(values, from_pandas=True)  # from_pandas: NaN and NaT are nulls
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
