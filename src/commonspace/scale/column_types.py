"""The types of columns, which must be alike in all files of a table, and in all partitions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from commonspace.data.columns import common_type
from commonspace.data.partition_file import VIEW, partition_name
from commonspace.data.places import Place
from commonspace.errors import InputError, StorageError

from .cluster import run_tasks


def is_text(kind: pa.DataType) -> bool:
    """Whether values of the type are texts."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_list(kind: pa.DataType) -> bool:
    """Whether values of the type are lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_features(kind: pa.DataType) -> bool:
    """Whether values of the type are lists of numbers, or lists of such lists."""
    inner = kind = _as_read(kind)
    while is_list(inner):
        inner = inner.value_type
    return is_list(kind) and bool(pa.types.is_integer(inner) or pa.types.is_floating(inner))


def check_files(name: str, schemas: Iterable[tuple[str, pa.Schema]]) -> None:
    """Refuses files of a table whose columns of one name cannot be one column.

    Args:
        name: The table.
        schemas: Each file, and the types of its columns.

    Raises:
        InputError: If the types of a column are unlike.
    """
    read = ((file, pa.schema([(field.name, _as_read(field.type)) for field in schema])) for file, schema in schemas)
    _check(name, read, "Write the files with one type for each column.")


def check_partitions(ray: Any, name: str, place: Place, count: int) -> None:
    """Refuses partitions that could not be put together.

    Args:
        ray: The package.
        name: The data set.
        place: The folder of the partitions.
        count: How many there are.

    Raises:
        InputError: If the types of a column are unlike, or features of a modality are of unlike lengths.
        StorageError: If a partition cannot be read.
    """
    found = run_tasks(ray, partition_types, (place,), range(count), description="checking columns", unit="partitions")
    schemas = [(f"partition {number}", schema) for number, schema in found.items()]
    advice = "Give the column one type throughout, or leave it out of the table."
    _check(name, ((where, pa.schema([f for f in s if not f.name.startswith(VIEW)])) for where, s in schemas), advice)
    lengths: dict[str, int] = {}
    for where, schema in schemas:
        for field in schema:
            if field.name.startswith(VIEW):
                length = _length(field.type)
                if lengths.setdefault(field.name, length) != length:
                    raise InputError(
                        f"{name}: {field.name.removeprefix(VIEW)}: rows of {length} numbers in {where}, of "
                        f"{lengths[field.name]} in the first; expected rows of one length. Mend the features."
                    )


def partition_types(number: int, place: Place) -> pa.Schema:
    """The types of a partition's columns.

    Raises:
        StorageError: If it is missing or damaged.
    """
    name = partition_name(number)
    try:
        with place.open(name) as file, pq.ParquetFile(file) as parquet:
            return parquet.schema_arrow.remove_metadata()
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{place}/{name}: cannot be read: {error}; encode the data again.") from error


def _check(name: str, schemas: Iterable[tuple[str, pa.Schema]], advice: str) -> None:
    seen: dict[str, tuple[str, pa.DataType]] = {}
    for where, schema in schemas:
        for field in schema:
            first, kind = seen.setdefault(field.name, (where, field.type))
            if kind.equals(field.type):
                continue
            try:
                both = common_type(kind, field.type)
            except pa.ArrowException as error:
                raise InputError(
                    f"{name}: column {field.name}: {kind} in {first}, and {field.type} in {where}; expected one type. "
                    f"{advice}"
                ) from error
            seen[field.name] = (where if pa.types.is_null(kind) else first, both)


def _as_read(kind: pa.DataType) -> pa.DataType:
    """The type of the values that a column is read as."""
    if isinstance(kind, pa.BaseExtensionType):
        return _as_read(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _as_read(kind.value_type)
    if is_list(kind):
        return pa.list_(_as_read(kind.value_type))
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us")
    if pa.types.is_decimal(kind):
        return pa.float64()
    nested = pa.types.is_struct(kind) or pa.types.is_map(kind)  # as JSON, or a picture in bytes
    return pa.string() if nested or pa.types.is_time(kind) or pa.types.is_duration(kind) else kind


def _length(kind: pa.DataType) -> int:
    """How many numbers the innermost lists of a view hold."""
    while is_list(kind.value_type):
        kind = kind.value_type
    return int(kind.list_size)
