"""Embeddings of items and parts -> checked rows of the table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError

from .checks import is_path, is_text
from .columns import JOINT, column_name
from .metadata import Columns

BATCH_ROWS = 16_384
"""Rows written at once: bounds the memory of an addition, and is large enough that commits do not count."""

# Beyond these the square of a length leaves float32 and the cosine with it.
_SHORTEST, _LONGEST = 1e-18, 1e18

Content = Sequence[str | os.PathLike[str] | None] | Sequence[Sequence[str | os.PathLike[str] | None]]


@dataclass(frozen=True)
class Entries:
    """Items of one modality, each with up to r parts.

    Attributes:
        modality: The modality.
        ids: n identifiers.
        vectors: (n, r, d) float32; a row of NaN is an absent part.
        parts: (n, r) numbers of the parts.
        content: n lists of up to r texts or paths, to show; or None.
        metadata: Field -> n values.
        first: The number of the first item in what the user gave, for messages.
    """

    modality: str
    ids: Sequence[str]
    vectors: NDArray[np.float32]
    parts: NDArray[np.int32]
    content: Sequence[Sequence[str | None]] | None
    metadata: Columns
    first: int = 0

    def check(self) -> None:
        """Looks at everything before anything is written.

        Raises:
            InputError: If a vector has no direction or is NaN or infinite in part, or a key occurs twice.
        """
        for batch in self.batches():
            length = np.linalg.norm(batch.vectors.astype(np.float64), axis=-1)
            absent = np.isnan(batch.vectors).all(axis=-1)
            for bad, reason in (
                (~np.isfinite(length) & ~absent, "holds NaN or infinity (an absent part is NaN throughout)"),
                (length < _SHORTEST, "is zero and has no direction"),
                (length > _LONGEST, "is too long for float32 arithmetic; scale it"),
            ):
                if bad.any():
                    item, part = np.argwhere(bad)[0]
                    where = f"modality {self.modality!r}, row {batch.first + item}, part {batch.parts[item, part]}"
                    raise InputError(f"{where} (id {batch.ids[item]!r}): the vector {reason}.")
        refuse_duplicates(self.ids, self.parts)

    def batches(self) -> Iterator[Entries]:
        """The same items in pieces of a bounded number of rows."""
        step = max(1, BATCH_ROWS // max(1, self.vectors.shape[1]))
        for low in range(0, len(self.ids), step):
            part = slice(low, low + step)
            yield Entries(
                self.modality,
                self.ids[part],
                self.vectors[part],
                self.parts[part],
                None if self.content is None else self.content[part],
                {field: values[part] for field, values in self.metadata.items()},
                self.first + low,
            )

    def to_arrow(self, schema: pa.Schema, metadata: Columns) -> pa.Table:
        """The present parts as a table of the given schema; columns without values are null.

        Args:
            schema: The table's.
            metadata: Field -> n values, in the types of the schema.
        """
        item, part = np.nonzero(~np.isnan(self.vectors[..., 0]))
        take = pa.array(item)
        content = (
            None
            if self.content is None
            else [_at(self.content[i], j) for i, j in zip(item.tolist(), part.tolist(), strict=True)]
        )
        columns = {
            "id": pa.array(list(self.ids), pa.string()).take(take),
            "modality": pa.array([self.modality] * len(item), pa.string()),
            "part": pa.array(self.parts[item, part], pa.int32()),
            "vector": _as_stored(self.vectors[item, part], schema.field("vector").type),
        }
        if content is not None:
            columns["content"] = pa.array(content, pa.string())
        columns |= {column_name(field): values.take(take) for field, values in metadata.items()}
        arrays = [columns.get(f.name, pa.nulls(len(item), f.type) if f.nullable else None) for f in schema]
        return pa.Table.from_arrays(arrays, schema=schema)


def as_entries(
    ids: Sequence[str] | NDArray[np.str_],
    X: ArrayLike,
    *,
    dim: int,
    modality: str,
    parts: ArrayLike | None,
    content: Content | None,
    metadata: Columns,
    first: int = 0,
) -> Entries:
    """Brings (n, d) or (n, r, d) and what goes with it into one form.

    Raises:
        InputError: If a shape, a length or a type is not as it should be.
    """
    if not is_text(modality) or not modality:
        raise InputError(f"modality: expected a name, got {modality!r}.")
    names = check_ids(ids)
    vectors = _as_floats(modality, X)
    if vectors.ndim not in (2, 3) or len(vectors) != len(names):
        shape = f"({len(names)}, {dim}) or ({len(names)}, r, {dim})"
        raise InputError(
            f"modality {modality!r}: expected vectors of shape {shape}, one row per id, got {vectors.shape}."
        )
    if vectors.shape[-1] != dim:
        raise InputError(
            f"modality {modality!r}: the collection holds vectors of dimension {dim}, got {vectors.shape[-1]}."
        )
    return Entries(
        modality,
        names,
        vectors.reshape(len(names), -1 if vectors.size else 1, dim),
        _as_parts(modality, parts, vectors),
        None if content is None else _as_content(modality, content, len(names)),
        metadata,
        first,
    )


def as_table(entries: Sequence[Entries], schema: pa.Schema, metadata: Columns) -> pa.Table:
    """Several modalities of the same items as one table.

    Args:
        entries: One or more, with the same items in the same order.
        schema: The table's.
        metadata: Field -> n values, in the types of the schema.
    """
    return pa.concat_tables([e.to_arrow(schema, metadata) for e in entries])


def check_ids(ids: Sequence[str] | NDArray[np.str_]) -> list[str]:
    """Identifiers as plain strings.

    Raises:
        InputError: If they are one string, or one of them is no text.
    """
    if isinstance(ids, str | bytes):
        raise InputError(f"ids: expected a list of texts, got the single {ids!r}; write [{ids!r}].")
    names = list(ids)
    for position, name in enumerate(names):
        if not is_text(name):
            raise InputError(f"ids: position {position} is {name!r}; an id is a text.")
    return [str(name) for name in names]


def refuse_duplicates(ids: Sequence[str], parts: NDArray[np.int32]) -> None:
    """Raises InputError where an (id, part) occurs twice. Within a row of `parts` none does."""
    if len(set(ids)) == len(ids):
        return
    seen: set[tuple[str, int]] = set()
    for name, numbers in zip(ids, parts.tolist(), strict=True):
        for number in numbers:
            if (name, number) in seen:
                raise InputError(f"ids: {name!r} occurs twice with part {number}; give each once, or number its parts.")
            seen.add((name, number))


def _as_stored(vectors: NDArray[np.float32], kind: pa.DataType) -> pa.Array:
    """Vectors as they are, or in half the precision at unit length: their own could lie beyond what it holds."""
    if pa.types.is_float16(kind.value_type):
        exact = vectors.astype(np.float64)
        vectors = (exact / np.linalg.norm(exact, axis=1, keepdims=True)).astype(np.float16)
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), kind.list_size)


def _as_floats(modality: str, X: ArrayLike) -> NDArray[np.float32]:
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise InputError(f"modality {modality!r}: the vectors are not of one length ({error}).") from error
    if array.dtype.kind not in "fiu":
        raise InputError(f"modality {modality!r}: expected vectors of numbers, got {array.dtype}.")
    with np.errstate(over="ignore"):  # what overflows becomes infinite and is named by `check`
        return array.astype(np.float32, copy=False)


def _as_parts(modality: str, parts: ArrayLike | None, vectors: NDArray[np.float32]) -> NDArray[np.int32]:
    n, r = len(vectors), vectors.shape[1] if vectors.ndim == 3 else 1
    if parts is None:
        return np.broadcast_to(np.arange(r, dtype=np.int32), (n, r))
    numbers = np.asarray(parts)
    if vectors.ndim == 3:
        raise InputError(f"modality {modality!r}: parts go with (n, d) vectors; in (n, r, d) the position is the part.")
    if numbers.shape != (n,) or (n and (numbers.dtype.kind not in "iu" or numbers.min() < 0 or numbers.max() >= 2**31)):
        raise InputError(
            f"modality {modality!r}: expected {n} part numbers from 0 on, got {numbers.dtype} {numbers.shape}."
        )
    return numbers.astype(np.int32).reshape(n, 1)


def _as_content(modality: str, content: Content, n: int) -> list[list[str | None]]:
    if isinstance(content, str) or len(content) != n:
        raise InputError(f"modality {modality!r}: expected content for {n} items, got {len(content)}.")
    listed = [list(c) if isinstance(c, list | tuple | np.ndarray) else [c] for c in content]
    return [[_as_text(modality, c) for c in row] for row in listed]


def _as_text(modality: str, value: Any) -> str | None:
    if value is None:
        return None
    try:
        text = os.fspath(value)
    except TypeError:
        text = None
    if not is_text(text):
        raise InputError(f"modality {modality!r}: content is text or a path, got {value!r}.")
    if modality == JOINT and isinstance(value, str) and is_path(text):
        return f" {text}"  # only what came as a path begins as one: a server would open it
    return text


def _at(row: Sequence[str | None], position: int) -> str | None:
    return row[position] if position < len(row) else None
