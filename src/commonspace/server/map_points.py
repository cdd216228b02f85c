"""The map of a collection as a browser wants it: few bytes for many points."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.collection import Collection
from commonspace.collection.columns import KEY
from commonspace.errors import InputError, UnknownNameError

from .problems import RefusedError
from .store import plain

MOST_COLOURS = 30
"""Values of a field that have a colour of their own; the others share one."""


class MapPoints:
    """Points of the rows that are on the map and still stored, in one order.

    Args:
        collection: Open, with a map.

    Raises:
        RefusedError: If it has none.
    """

    def __init__(self, collection: Collection) -> None:
        made = collection.map()
        if made is None:
            raise RefusedError(404, "This store has no map; build one with `commonspace index --map`.")
        fields = [field for field in collection.fields if field not in (*KEY, "content")]
        rows = collection.rows(fields=[*KEY, *fields])
        keys = rows.select(list(KEY)).append_column("_row", pa.array(np.arange(rows.num_rows)))
        both = made.append_column("_place", pa.array(np.arange(made.num_rows)))
        # Keys alone: columns of lists cannot be joined.
        both = both.join(keys, list(KEY), join_type="inner").sort_by("_place")
        self.rows = rows.take(both["_row"])
        self.places = np.column_stack([both["x"].to_numpy(), both["y"].to_numpy()])
        self.method = (made.schema.metadata or {}).get(b"method", b"").decode()
        self.fields = fields

    def summary(self) -> dict[str, Any]:
        """Places and keys: x and y as little-endian float32 in base64, ids, modality and part of each point."""
        modalities, codes = _coded(self.rows["modality"].to_pylist(), 256)
        return {
            "method": self.method,
            "points": self.rows.num_rows,
            "places": _packed(self.places.astype("<f4")),
            "ids": self.rows["id"].to_pylist(),
            "parts": _packed(self.rows["part"].to_numpy().astype("<i4")),
            "modalities": modalities,
            "modality": _packed(codes.astype("<u1")),
            "fields": self.fields,
        }

    def colours(self, field: str) -> dict[str, Any]:
        """What points are coloured by: numbers and times as a share of their span, all else as classes.

        Raises:
            UnknownNameError: If there is no such field.
        """
        if field not in self.fields:
            raise UnknownNameError("metadata field", field, self.fields)
        column = self.rows[field]
        kind = column.type
        if pa.types.is_temporal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return {"field": field, "kind": "span", **_span(column)}
        if pa.types.is_list(kind):
            values = [entry[0] if entry else None for entry in column.to_pylist()]
        else:
            values = column.to_pylist()
        classes, codes = _coded(values, MOST_COLOURS)
        return {"field": field, "kind": "classes", "classes": classes, "codes": _packed(codes.astype("<u1"))}


def _span(column: pa.ChunkedArray) -> dict[str, Any]:
    """(n,) shares of the span from least to greatest, NaN where there is no value."""
    values = column.to_pylist()
    known = [v for v in values if v is not None and v == v]
    if not known:
        raise InputError("map: the field has no value on it.")
    first, last = min(known), max(known)
    width = (last - first) or 1
    shares = np.array([np.nan if v is None else (v - first) / width if last > first else 0.5 for v in values], "<f4")
    return {"first": plain(first), "last": plain(last), "shares": _packed(shares)}


def _coded(values: list[Any], most: int) -> tuple[list[str], NDArray[np.int64]]:
    """The most frequent values as text, and for each its number, 255 for others and for none."""
    texts = ["" if v is None else str(v) for v in values]
    found, counts = np.unique(np.array([t for t in texts if t] or [""], object), return_counts=True)
    order = np.argsort(-counts, kind="stable")[: min(most, 255)]
    names = [str(found[i]) for i in order if found[i]]
    number = {name: i for i, name in enumerate(names)}
    return names, np.array([number.get(text, 255) for text in texts], np.int64)


def _packed(values: NDArray[Any]) -> str:
    return b64encode(np.ascontiguousarray(values).tobytes()).decode()
