"""Arrow tables, as Parquet files and Hugging Face data sets hold them, to plain columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.errors import InputError, StorageError

from .rows import Column, Rows, check_header


def read_parquet(path: Path) -> Rows:
    """Reads a Parquet file. Pictures may be bytes or {bytes, path}; lists of numbers of one length become arrays.

    Raises:
        InputError: If a column is of a type that cannot be read.
        StorageError: If the file is damaged or no Parquet file.
    """
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path}: cannot be read as Parquet: {error}.") from error
    check_header(str(path), table.column_names)
    columns = {name: plain_column(f"{path}: {name}", table[name]) for name in table.column_names}
    return Rows(str(path), columns, lambda row: f"{path.name} row {row}")


def plain_column(name: str, column: pa.ChunkedArray) -> Column:
    """An Arrow column as a list of Python values, or as an array where all are lists of numbers of one length.

    Raises:
        InputError: If it holds what Python cannot, for example a year after 9999.
    """
    try:
        column = _simpler(column)
        if _is_list(column.type) and _is_number(_innermost(column.type)):
            return _stacked(column)
        values: list[Any] = column.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise InputError(f"{name}: cannot be read: {error}.") from error
    if pa.types.is_struct(column.type) and {f.name for f in column.type} == {"bytes", "path"}:
        return [None if v is None else v["bytes"] or v["path"] or None for v in values]
    if pa.types.is_floating(column.type):
        return [None if v is None or v != v else v for v in values]
    return [None if v == "" else v for v in values]


def _simpler(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column in the nearest type that has a plain Python value."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us"), safe=False)  # of a zone: in UTC
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    return column.cast(pa.string()) if pa.types.is_time(kind) or pa.types.is_duration(kind) else column


def _stacked(column: pa.ChunkedArray) -> Column:
    """Lists of numbers as (n, d) or (n, r, d) with NaN for null; as they are where their lengths differ."""
    array = column.combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    if array.null_count == 0 and not _is_list(array.type.value_type) and array.flatten().null_count == 0:
        lengths = np.unique(array.value_lengths().to_numpy()) if len(array) else np.array([])
        flat: NDArray[Any] = array.flatten().to_numpy(zero_copy_only=False)
        return flat.reshape(len(array), -1) if len(lengths) == 1 and lengths[0] else array.to_pylist()
    return stacked_lists(array.to_pylist())


def stacked_lists(values: list[Any]) -> Column:
    """Lists of numbers as an array, where they all have one shape; None becomes NaN. Else as they are."""
    some = next((v for v in values if v is not None), None)
    try:
        shape = np.asarray(some, np.float64).shape
        if len(shape) not in (1, 2) or 0 in shape:
            return values
        filled = [np.full(shape, np.nan) if v is None else v for v in values]
        array = np.asarray(filled)
        if array.dtype == object:
            array = np.asarray(filled, np.float64)  # None among the numbers becomes NaN
    except (TypeError, ValueError):
        return values
    return array if array.dtype.kind in "iuf" else values


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _innermost(kind: pa.DataType) -> pa.DataType:
    while _is_list(kind):
        kind = kind.value_type
    return kind


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
