"""Rows of the table from data sets that come one by one, and are written by whoever has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from commonspace.data import Dataset

from .dataset_rows import dataset_batches, dataset_columns
from .entries import as_table
from .metadata import match_types

if TYPE_CHECKING:
    from commonspace.spaces import Space

Fields = Mapping[str, pa.DataType]


def field_types(dataset: Dataset) -> dict[str, pa.DataType]:
    """Field -> type of what is stored of a data set beside its vectors."""
    return {field: values.type for field, values in dataset_columns(dataset).items()}


def merged_types(several: Iterable[Fields]) -> dict[str, pa.DataType]:
    """The fields of several data sets, in the types that the table has after they were added one after another."""
    merged: dict[str, pa.DataType] = {}
    for types in several:
        for field, kind in types.items():
            if not pa.types.is_null(kind):
                merged.setdefault(field, kind)
    return merged


def rows_of(dataset: Dataset, space: Space, dim: int, schema: pa.Schema, fields: Fields) -> Iterator[pa.Table]:
    """A data set, embedded by a space, as rows of a table.

    Args:
        dataset: The data set.
        space: The space.
        dim: The length of its embeddings.
        schema: The table's.
        fields: Field -> type in the table.

    Raises:
        InputError: If the data cannot be embedded or stored.
    """
    for batch in dataset_batches(dataset, space, dim):
        for entries in batch.entries:
            entries.check()
        columns = match_types(batch.entries[0].metadata, fields)
        yield as_table(batch.entries, schema, columns)
