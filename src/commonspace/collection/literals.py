"""Python values -> SQL literals of a column's type, quoted so that no value can be read as anything else."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import pyarrow as pa

from commonspace.errors import InputError

from .checks import is_text
from .sql import quoted


def literal(field: str, value: Any, kind: pa.DataType) -> str:
    """The value as SQL, in the type of its column.

    Args:
        field: The field that is tested, for the message.
        value: A str, int, float, bool, date, datetime or NumPy scalar. Dates may also be ISO texts, as JSON has them.
        kind: The type of the column, or of the items of a list column.

    Raises:
        InputError: If the value does not suit the type.
    """
    if isinstance(value, np.datetime64):
        value = value.astype(
            "datetime64[us]" if np.datetime_data(value.dtype)[0] not in "YMWD" else "datetime64[D]"
        ).item()
    elif isinstance(value, np.generic):
        value = value.item()
    sql: str | None = None
    if pa.types.is_string(kind):
        sql = _text(value)
    elif pa.types.is_boolean(kind):
        sql = ("TRUE" if value else "FALSE") if isinstance(value, bool) else None
    elif pa.types.is_integer(kind):
        sql = _integer(value)
    elif pa.types.is_floating(kind):
        sql = _float(value)
    elif pa.types.is_date(kind):
        sql = _date(value)
    elif pa.types.is_timestamp(kind):
        sql = _timestamp(value, utc=kind.tz is not None)
    if sql is None:
        raise InputError(f"where: field {field!r} holds {kind}, and {value!r} ({type(value).__name__}) is none.")
    return sql


def is_fraction(value: object) -> bool:
    """Whether a value lies between the integers: a column of integers can be compared with it but not hold it."""
    return isinstance(value, float | np.floating) and not math.isnan(value) and not float(value).is_integer()


def _text(value: object) -> str | None:
    return quoted(value) if is_text(value) else None


def _integer(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None


def _float(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if math.isinf(number):
        return f"CAST('{'-' if number < 0 else ''}Infinity' AS DOUBLE)"
    return None if math.isnan(number) else repr(number)


def _date(value: object) -> str | None:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        value = value.date() if value.time() == time() and value.tzinfo is None else None
    return f"date '{value.isoformat()}'" if isinstance(value, date) else None


def _timestamp(value: object, *, utc: bool) -> str | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime) or (value.tzinfo is not None and not utc):
        return None
    if utc:  # a time without a zone is taken as UTC, as the column is
        try:
            value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        except OverflowError:  # in UTC before the year 1, or after 9999
            return None
    return f"timestamp '{value.isoformat(sep=' ')}'"
