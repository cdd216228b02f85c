"""Data sets of the Hugging Face `datasets` library, which is not needed for it: what it hands over is Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from commonspace.errors import InputError, UnknownNameError

from .arrow import plain_column
from .assemble import assemble
from .media import find_media
from .reading import Reading, checked
from .roles import find_roles
from .rows import Column, Rows

_SPLIT = "key of the DatasetDict"


def read_huggingface(
    dataset: Any, *, columns: Mapping[str, str | None] | None = None, split: str | None = None, strict: bool = False
) -> Reading:
    """Reads a `datasets.Dataset`, or a `datasets.DatasetDict` whose keys are the splits.

    `Image` and `Audio` features are taken as they are stored, as bytes or paths, and not decoded; strings and lists of
    strings are text; lists of numbers of one length are features; a `ClassLabel` becomes its names, -1 unlabelled.
    Everything else is as in a table.

    Args:
        dataset: The data set; not a streaming one.
        columns: Role -> column, as in `read`.
        split: Of a `DatasetDict`, the split to read. Default: all of them.
        strict: Whether rows that cannot be used are an error.

    Raises:
        InputError: If it is no such data set, or no column is a modality.
        UnknownNameError: If there is no such split, role or column.

    Example:
        ```python
        from datasets import load_dataset

        reading = read_huggingface(load_dataset("some/flickr"), columns={"text": "captions"})
        data = reading.to_dataset(encoders=encoders, name="flickr")
        ```
    """
    columns = columns or {}
    parts: dict[str | None, Any] = dict(dataset) if isinstance(dataset, Mapping) else {None: dataset}
    if split is not None:
        if split not in parts:
            raise UnknownNameError("split", split, [str(name) for name in parts if name is not None])
        parts = {split: parts[split]}
    for part in parts.values():
        if not all(hasattr(part, name) for name in ("features", "with_format", "num_rows")):
            raise InputError(
                f"read_huggingface: expected a datasets.Dataset or DatasetDict, got {type(part).__name__}; of a "
                "streaming one, take rows first: datasets.Dataset.from_list(list(dataset.take(1000)))."
            )
    if len({tuple(part.features) for part in parts.values()}) > 1:
        told = "; ".join(f"{name}: {', '.join(part.features)}" for name, part in parts.items())
        raise InputError(f"read_huggingface: the splits have other columns ({told}); name one: split='...'.")
    rows = _rows(parts)
    media = find_media(Path(), depth=-1)  # paths are absolute, or relative to where one is
    roles = find_roles(rows, columns, media)
    if "split" not in roles and "split" not in columns and None not in parts:
        names = [name for name, part in parts.items() for _ in range(part.num_rows)]
        rows.columns[_SPLIT] = names
        roles["split"] = _SPLIT
    return checked(assemble(rows, roles, media), strict=strict)


def _rows(parts: Mapping[str | None, Any]) -> Rows:
    """The rows of all splits, one after the other."""
    places = [(name, row) for name, part in parts.items() for row in range(part.num_rows)]
    columns: dict[str, list[Column]] = {}
    for name, part in parts.items():
        table = part.with_format("arrow")[:]
        for column, feature in part.features.items():
            values = plain_column(f"{name or 'data set'}: {column}", table[column])
            columns.setdefault(column, []).append(_named(values, feature))
    return Rows(
        "data set",
        {column: _joined(pieces) for column, pieces in columns.items()},
        lambda i: f"row {places[i][1]}" if places[i][0] is None else f"{places[i][0]} row {places[i][1]}",
        row_ids=[str(row) if name is None else f"{name}/{row}" for name, row in places],
    )


def _named(values: Column, feature: Any) -> Column:
    """The numbers of a `ClassLabel`, or lists of them, as names."""
    if isinstance(feature, list):
        feature = feature[0]
    names = getattr(feature, "names", None) or getattr(getattr(feature, "feature", None), "names", None)
    if not names:
        return values
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    return [[_name(j, names) for j in v] if isinstance(v, list) else _name(v, names) for v in plain]


def _name(number: int | None, names: list[str]) -> str | None:
    return None if number is None or number < 0 else names[number]


def _joined(pieces: list[Column]) -> Column:
    if all(isinstance(piece, np.ndarray) for piece in pieces) and len({p.shape[1:] for p in pieces}) == 1:  # type: ignore[union-attr]
        return np.concatenate(pieces)
    return [value for piece in pieces for value in (piece.tolist() if isinstance(piece, np.ndarray) else piece)]
