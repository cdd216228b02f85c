"""Views from a Parquet file, some rows at a time, for sets larger than memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError

from .readers.arrow import plain_column

BUFFER_BYTES = 1 << 20
"""What is read of a column in one go."""


def read_batches(
    path: str | Path, columns: Mapping[str, str] | None = None, *, rows: int = 8192
) -> Iterator[dict[str, NDArray[Any]]]:
    """Views for `partial_fit`, batch by batch; no more than a few batches are in memory.

    Args:
        path: A Parquet file with a column for each modality, of lists of numbers, all of one length. A list that is
            null is an item without that modality.
        columns: Modality -> its column. Default: every column is a modality of its own name.
        rows: Items per batch.

    Yields:
        Modality -> (rows, d), as the file's numbers; NaN where an item lacks the modality.

    Raises:
        StorageError: If the file cannot be read.
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
    return _batches(Path(path), columns, rows)


def _batches(path: Path, columns: Mapping[str, str] | None, rows: int) -> Iterator[dict[str, NDArray[Any]]]:
    import pyarrow.parquet as pq

    try:
        # Neither option is a default: without them, whole columns are read ahead.
        with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
            known = file.schema_arrow.names
            chosen = columns or {name: name for name in known}
            for column in chosen.values():
                if column not in known:
                    raise UnknownNameError("column", column, known)
            for batch in file.iter_batches(rows, columns=list(dict.fromkeys(chosen.values()))):
                yield {m: _view(f"{path}: {column}", batch.column(column)) for m, column in chosen.items()}
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path}: cannot be read as Parquet: {error}.") from error


def _view(name: str, column: pa.Array) -> NDArray[Any]:
    values = plain_column(name, pa.chunked_array([column]))
    if not isinstance(values, np.ndarray) or values.ndim < 2:
        raise InputError(f"{name}: expected lists of numbers, all of one length, got {column.type}.")
    return values
