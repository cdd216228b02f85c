"""The table of a data set: a row for each item, of everything but its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError

from .checks import id_column, label_column
from .columns import as_column, as_items, as_time

ITEM, METADATA = "item.", "metadata."
"""Before the name of a modality, and of a field."""


def item_table(
    items: Mapping[str, Sequence[object] | NDArray[Any]],
    views: Mapping[str, Sized],
    ids: Sequence[object] | NDArray[Any] | None,
    labels: ArrayLike | Sequence[object] | None,
    label_names: Sequence[str] | None,
    time: ArrayLike | Sequence[object] | None,
    split: Sequence[str | None] | None,
    groups: Sequence[str | None] | None,
    metadata: Mapping[str, Sequence[object]] | None,
) -> tuple[pa.Table, tuple[str, ...] | None]:
    """The table of a data set, and the names of its labels where items have several; arguments as `Dataset` has them.

    Args:
        items: Modality -> n entries.
        views: Those of them that are features.
        ids: Of items.
        labels: Of items.
        label_names: For (n, c) labels.
        time: Of items.
        split: Of items.
        groups: Of items.
        metadata: Field -> n values.

    Raises:
        InputError: If lengths differ, ids repeat, or a column cannot be read.
    """
    n = len(next(iter(items.values())))
    table: dict[str, pa.Array] = {"id": id_column(range(n) if ids is None else ids)}
    table |= {ITEM + m: as_items(m, x) for m, x in items.items() if m not in views}
    names = None
    if labels is not None:
        table["label"], names = label_column(labels, label_names)
    if time is not None:
        table["time"] = as_time(time)
    for role, values in (("split", split), ("group", groups)):
        if values is not None:
            table[role] = as_column(role, values)
    table |= {METADATA + field: as_column(field, values) for field, values in (metadata or {}).items()}
    for column, length in [(c.removeprefix(ITEM), len(a)) for c, a in table.items()] + [
        (m, len(x)) for m, x in views.items()
    ]:
        if length != n:
            raise InputError(f"{column}: {length} rows, but {next(iter(items))} has {n}; rows must match item by item.")
    return pa.table(table), names


def column_values(table: pa.Table, role: str) -> NDArray[Any] | None:
    """(n,) a column as an array, None where there is none."""
    if role not in table.column_names:
        return None
    column = table[role]
    if role == "label" and column.null_count and not pa.types.is_floating(column.type):
        return np.array([*column.to_pylist(), None], dtype=object)[:-1]  # integers beside None stay integers
    values: NDArray[Any] = column.to_numpy()
    return values
