"""Some rows of a table that says the types of its columns, so that items of all partitions have the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from commonspace.data.problems import Problem
from commonspace.data.readers.assemble import assemble
from commonspace.data.readers.media import Media
from commonspace.data.readers.reading import Reading
from commonspace.data.readers.rows import Column, Rows
from commonspace.data.readers.times import EXPECTED
from commonspace.data.readers.values import parse_metadata

from .written_times import WrittenTimes

_ROW = "\0row"
"""A column that no table has: which row an item is."""


def assemble_typed(
    rows: Rows, roles: Mapping[str, str], media: Media, *, texts: Collection[str], times: WrittenTimes | None
) -> Reading:
    """The items of a table, as `assemble` gives them, but with the types that the table says; a row is an item.

    Args:
        rows: The table.
        roles: Role -> column.
        media: The pictures and sounds that its values name.
        texts: The columns that are texts. Metadata among them are not taken for numbers.
        times: How the column of times is read, where it is one of texts.

    Raises:
        InputError: As `assemble`.
    """
    own = {role: column for role, column in roles.items() if role != "time" or times is None}
    known: dict[str, Column] = {column: rows.columns[column] for column in own.values()}
    reading = assemble(replace(rows, columns={**known, _ROW: list(range(len(rows)))}), own, media)
    kept = reading.metadata[_ROW]

    def taken(column: str) -> Column:
        values = rows.columns[column]
        return [values[row] for row in kept] if isinstance(values, list) else values[kept]

    others = [column for column in rows.columns if column not in roles.values()]
    metadata = {c: list(taken(c)) if c in texts else parse_metadata(taken(c)) for c in others}
    problems, time = list(reading.problems), reading.time
    if times is not None:
        written = list(taken(roles["time"]))
        time, bad = times.read(written)
        reason = f"none of {EXPECTED}; taken as unknown."
        problems += [Problem(rows.where(kept[i]), "time", f"{written[i]!r} is {reason}") for i in bad]
    return replace(reading, metadata=metadata, time=time, problems=problems, columns=dict(roles))


def features_shape(pieces: Iterable[Column]) -> tuple[int, ...] | None:
    """The shape of an item's features, as the first that a column has tell it; None where it has none of one shape.

    Args:
        pieces: The column, some rows at a time.
    """
    for values in pieces:
        if isinstance(values, np.ndarray):
            return tuple(values.shape[1:])
        if not _empty(values):
            return None
    return None


def with_absent(columns: Mapping[str, Column], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Column]:
    """The columns, with rows of NaN for features of which these rows have none, and so do not show their shape.

    Args:
        columns: Name -> n values.
        shapes: Column -> shape of an item's features.
    """
    return {
        name: np.full((len(values), *shapes[name]), np.nan, np.float32) if name in shapes and _empty(values) else values
        for name, values in columns.items()
    }


def _empty(values: Column) -> bool:
    return not isinstance(values, np.ndarray) and all(value is None for value in values)
