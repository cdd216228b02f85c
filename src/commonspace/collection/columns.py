"""The columns of the table: which there are, how metadata fields are named and typed in it."""

from __future__ import annotations

from urllib.parse import unquote

import pyarrow as pa

from commonspace.errors import InputError

STORED_KINDS = {"float32": pa.float32(), "float16": pa.float16()}
"""How vectors may be stored -> the type of their numbers."""

JOINT = "joint"
"""The modality of what is embedded from all that an item has."""

KEY = ("id", "modality", "part")
RESERVED = (*KEY, "vector", "content")
OPERATOR_WORDS = ("and", "or", "not")
# Lance takes a dot for a path into a struct, and finds no column whose name holds a backtick, NUL or nothing but "*".
_ESCAPES = str.maketrans({"%": "%25", ".": "%2E", "`": "%60", "*": "%2A", "\0": "%00"})


def base_schema(dim: int, kind: pa.DataType) -> pa.Schema:
    """The columns that every collection has, with vectors of `dim` numbers of a kind."""
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("modality", pa.string(), nullable=False),
            pa.field("part", pa.int32(), nullable=False),
            pa.field("vector", pa.list_(kind, dim), nullable=False),
            pa.field("content", pa.string()),
        ]
    )


def column_name(field: str) -> str:
    """The name of a field's column: the field's own, with the few characters escaped that Lance cannot bear."""
    return field.translate(_ESCAPES)


def field_name(column: str) -> str:
    """The field of a column; the inverse of `column_name`."""
    return unquote(column)


def check_field(field: object) -> str:
    """Returns the name of a metadata field if it may be one.

    Raises:
        InputError: If it is no text, empty, or taken.
    """
    if not isinstance(field, str) or not field:
        raise InputError(f"metadata: a field name is a text of one character or more, got {field!r}.")
    if field in RESERVED or field in OPERATOR_WORDS or field.startswith("_"):
        taken = ", ".join(RESERVED + OPERATOR_WORDS)
        raise InputError(
            f"metadata: the field name {field!r} is reserved ({taken}, and what starts with '_'). Rename it."
        )
    try:
        field.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"metadata: the field name {field!r} is no valid text ({error.reason}).") from error
    return field


def stored_type(kind: pa.DataType) -> pa.DataType | None:
    """The type in which values of an Arrow type are kept; None where they cannot be.

    Few and wide types, so that a later addition with a narrower type still fits: int64, float64, bool, string,
    date32, timestamp in microseconds (UTC where the values have a zone), and lists of the first five.
    """
    types = pa.types
    if types.is_dictionary(kind):
        return stored_type(kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        item = stored_type(kind.value_type)
        nested = item is None or types.is_list(item) or types.is_timestamp(item)
        return None if nested else pa.list_(pa.string() if types.is_null(item) else item)
    if types.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC" if kind.tz else None)
    for matches, stored in (
        (types.is_null, pa.null()),
        (types.is_boolean, pa.bool_()),
        (types.is_integer, pa.int64()),
        (types.is_floating, pa.float64()),
        (types.is_string, pa.string()),
        (types.is_large_string, pa.string()),
        (types.is_string_view, pa.string()),
        (types.is_date, pa.date32()),
    ):
        if matches(kind):
            return stored
    return None
