"""Views from a Parquet file or a Lance data set, some rows at a time, for sets larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError

from .lance_file import is_lance, lance_batches, open_lance
from .readers.arrow import plain_column

BUFFER_BYTES = 1 << 20
"""What is read of a column in one go."""


def read_batches(
    path: str | Path, columns: Mapping[str, str] | None = None, *, rows: int = 8192
) -> Iterator[dict[str, NDArray[Any]]]:
    """Views for `partial_fit`, batch by batch; no more than a few batches are in memory.

    Args:
        path: A Parquet file, or a Lance data set (a name that ends in `.lance`, or a folder with `_versions`), with a
            column for each modality, of lists of numbers, all of one length. A list that is null is an item without
            that modality.
        columns: Modality -> its column. Default: every column is a modality of its own name.
        rows: Items per batch at most.

    Yields:
        Modality -> (rows, d), as the file's numbers; NaN where an item lacks the modality. Lists of fixed length
        without nulls are not copied on the way from Arrow; such arrays cannot be written to.

    Raises:
        StorageError: If the file cannot be read.
        MissingPackageError: If it is a Lance data set and Lance is not installed.
        UnknownNameError: If there is no such column.
        InputError: If a column does not hold lists of numbers of one length.

    Example:
        ```python
        space = cs.CCA(n_components=64)
        for views in read_batches("features.parquet", {"image": "image_features", "text": "text_features"}):
            space.partial_fit(views)
        ```
    """
    if rows < 1:
        raise ParameterError(f"rows={rows}: expected at least 1.")
    read = partial(_lance if is_lance(path) else _parquet, path, rows=rows)
    return _batches(str(path), columns, read)


_Chosen = tuple[dict[str, str], pa.RecordBatch]
"""Modality -> column, and rows of these columns."""


def _batches(
    path: str, columns: Mapping[str, str] | None, read: Callable[[Mapping[str, str] | None], Iterator[_Chosen]]
) -> Iterator[dict[str, NDArray[Any]]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for chosen, batch in read(columns):
        views = {}
        for modality, column in chosen.items():
            values = batch.column(column)
            if values.null_count < len(values):
                view = _view(f"{path}: {column}", values)
            else:
                if column not in shapes:
                    shapes[column] = _shape(path, column, values.type, read({column: column}))
                view = np.full((len(values), *shapes[column]), np.nan)
            views[modality], shapes[column] = view, view.shape[1:]
        yield views


def _shape(path: str, column: str, kind: pa.DataType, batches: Iterator[_Chosen]) -> tuple[int, ...]:
    """The shape of an item, of a column of which nothing but null was seen: by its type, else by its first item."""
    if pa.types.is_fixed_size_list(kind) and not pa.types.is_nested(kind.value_type):
        return (kind.list_size,)
    for _, batch in batches:
        some = batch.column(column).drop_null()
        if len(some):
            return _view(f"{path}: {column}", some.slice(0, 1)).shape[1:]
    raise InputError(f"{path}: {column}: expected lists of numbers, all of one length, got null in every row.")


def _parquet(path: str | Path, columns: Mapping[str, str] | None, rows: int) -> Iterator[_Chosen]:
    import pyarrow.parquet as pq

    try:
        # Neither option is a default: without them, whole columns are read ahead.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
            chosen = _chosen(columns, file.schema_arrow.names)
            for batch in file.iter_batches(rows, columns=list(dict.fromkeys(chosen.values()))):
                yield chosen, batch
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path}: cannot be read as Parquet: {error}.") from error


def _lance(path: str | Path, columns: Mapping[str, str] | None, rows: int) -> Iterator[_Chosen]:
    dataset = open_lance(path)
    chosen = _chosen(columns, dataset.schema.names)
    for batch in lance_batches(dataset, path, list(dict.fromkeys(chosen.values())), rows):
        yield chosen, batch


def _chosen(columns: Mapping[str, str] | None, known: Sequence[str]) -> dict[str, str]:
    """Modality -> column, of those there are."""
    chosen = dict(columns or {name: name for name in known})
    for column in chosen.values():
        if column not in known:
            raise UnknownNameError("column", column, known)
    return chosen


def _view(name: str, column: pa.Array) -> NDArray[Any]:
    values = plain_column(name, pa.chunked_array([column]))
    if not isinstance(values, np.ndarray) or values.ndim < 2:
        raise InputError(f"{name}: expected lists of numbers, all of one length, got {column.type}.")
    return values
