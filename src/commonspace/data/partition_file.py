"""One partition of a data set as a Parquet file: its items, a column of lists for each view, and a summary."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from commonspace.errors import StorageError

from .dataset import Dataset
from .places import Place
from .problems import Problem

VIEW, ITEM = "view.", "item."
"""What the names of columns begin with that hold a view, or raw items."""
_KEY = b"commonspace"

Views = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Summary:
    """What is told of a partition at the end of its file, where it can be read without the rest.

    Attributes:
        items: How many there are.
        modalities: Those there are.
        absent: The modalities that no item has, or of which none could be read.
        labels: "one" for each item, "several", or None where there are none.
        label_names: The names of the columns of labels, where an item may have several.
        problems: What could not be used.
    """

    items: int
    modalities: tuple[str, ...]
    absent: tuple[str, ...]
    labels: str | None
    label_names: tuple[str, ...]
    problems: tuple[Problem, ...]

    @classmethod
    def of(cls, data: Dataset, views: Views, problems: Sequence[Problem]) -> Self:
        """The summary of items with their views."""
        unlabelled = "label" not in data.table.column_names or data.table["label"].null_count == len(data)
        labels = None if unlabelled else "one" if data.label_names is None else "several"
        absent = tuple(m for m, view in views.items() if np.isnan(view).all())
        return cls(len(data), data.modalities, absent, labels, data.label_names or (), tuple(problems))

    def to_json(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """The inverse of `to_json`."""
        told = json.loads(text)
        told["problems"] = tuple(Problem(**problem) for problem in told["problems"])
        return cls(**told | {name: tuple(told[name]) for name in ("modalities", "absent", "label_names")})


def partition_name(number: int) -> str:
    """The file of a partition."""
    return f"part-{number:06d}.parquet"


def write_partition(place: Place, number: int, data: Dataset, views: Views, problems: Sequence[Problem]) -> Summary:
    """Writes some items of a data set with their views, whole or not at all.

    Args:
        place: The folder.
        number: Of the partition.
        data: Its items.
        views: Modality -> (n, d) or (n, r, d).
        problems: What could not be used.

    Raises:
        StorageError: If the file cannot be written.
    """
    summary = Summary.of(data, views, problems)
    table = data.table
    for modality, view in views.items():
        table = table.append_column(VIEW + modality, as_lists(view))
    table = table.replace_schema_metadata({_KEY: summary.to_json()})
    plain = [c for c in table.column_names if not c.startswith(VIEW)]  # numbers of views hardly ever come twice
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=plain, write_statistics=False)
    place.write(partition_name(number), sink.getvalue())
    return summary


def read_summary(place: Place, number: int) -> Summary:
    """What is told at the end of a partition's file.

    Raises:
        StorageError: If the file is missing or damaged.
    """
    with _opened(place, number) as parquet:
        return _summary(parquet)


def read_partition(place: Place, number: int, modalities: Sequence[str], *, raw: bool) -> tuple[pa.Table, Summary]:
    """The table of a partition, with the columns of some views.

    Args:
        place: The folder.
        number: Of the partition.
        modalities: The views that are read.
        raw: Whether raw items are read too.

    Raises:
        StorageError: If the file is missing or damaged.
    """
    with _opened(place, number) as parquet:
        columns = [
            c
            for c in parquet.schema_arrow.names
            if (c.removeprefix(VIEW) in modalities if c.startswith(VIEW) else raw or not c.startswith(ITEM))
        ]
        return parquet.read(columns).replace_schema_metadata(None), _summary(parquet)


def as_lists(view: NDArray[np.float32]) -> pa.Array:
    """A view, (n, d) or (n, r, d), as a column of lists."""
    values = pa.array(np.ascontiguousarray(view, np.float32).ravel())
    for size in reversed(view.shape[1:]):
        values = pa.FixedSizeListArray.from_arrays(values, size)
    return values


def as_view(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """The inverse of `as_lists`, to the last bit."""
    values, kind, sizes = pa.concat_arrays(column.chunks) if column.num_chunks else None, column.type, []
    while pa.types.is_fixed_size_list(kind):
        values = None if values is None else values.flatten()
        sizes.append(kind.list_size)
        kind = kind.value_type
    flat = np.empty(0, np.float32) if values is None else values.to_numpy(zero_copy_only=False)
    return np.asarray(flat, np.float32).reshape(len(column), *sizes)


@contextmanager
def _opened(place: Place, number: int) -> Iterator[Any]:
    name = partition_name(number)
    try:
        with place.open(name) as file, pq.ParquetFile(file) as parquet:
            yield parquet
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{place}/{name}: cannot be read: {error}; encode the data again.") from error


def _summary(parquet: Any) -> Summary:
    return Summary.from_json((parquet.schema_arrow.metadata or {})[_KEY])
