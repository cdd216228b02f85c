"""Rows of the table from data sets that come one by one, and are written by whoever has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa

from commonspace.data import Dataset
from commonspace.data.columns import common_type

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
    """The fields of several data sets, in the types that the table has after they were added as one.

    A field whose types have none in common keeps the first: `rows_of` tells it, where the values are.
    """
    merged: dict[str, pa.DataType] = {}
    for types in several:
        for field, kind in types.items():
            if not pa.types.is_null(kind):
                with suppress(pa.ArrowException):
                    merged[field] = common_type(merged.setdefault(field, kind), kind)
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
        metadata = {field: _widened(values, fields.get(field)) for field, values in batch.entries[0].metadata.items()}
        columns = match_types(metadata, fields)
        yield as_table(batch.entries, schema, columns)


def _widened(values: pa.Array, wanted: pa.DataType | None) -> pa.Array:
    """Values in the type of their field, where that is a wider one, in lists too; else as they are."""
    with suppress(pa.ArrowException):  # what cannot be had is told by `match_types`
        if wanted is not None and common_type(values.type, wanted) == wanted:
            return values.cast(wanted)
    return values
