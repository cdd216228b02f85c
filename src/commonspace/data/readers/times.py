"""Values of a time column: numbers kept as they are, or dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .written_dates import in_iso_form

EXPECTED = "numbers, ISO dates such as 1950-03-31, or dates such as 31/03/1950 where one shows which is the day"

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_PARTIAL_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


def parse_time(values: Sequence[Any] | NDArray[Any]) -> tuple[list[Any] | NDArray[Any] | None, list[int]]:
    """The times, and the numbers of the rows that could not be read.

    Where everything that can be read is a number (1950, "1950", 12.5), they are numbers, None where unknown. Else
    they are ISO dates or times ("1950-03-01", "1950-03", "1950", "1950-03-01T12:00Z"), in UTC where they name a zone,
    or in other forms that `in_iso_form` can tell, as datetime64 with NaT where unknown.

    Returns:
        None for the times if most cannot be read: the column then holds something else.
    """
    numbers = [_number(value) for value in values]
    dates = [_date(value) for value in in_iso_form(values)]
    given = [i for i, value in enumerate(values) if value is not None]
    if all(numbers[i] is not None for i in given if dates[i] is not None or numbers[i] is not None):
        bad = [i for i in given if numbers[i] is None]
        return (numbers if 2 * len(bad) < len(given) or not given else None), bad
    bad = [i for i in given if dates[i] is None]
    unit = "D" if all(date is None or date.dtype == "datetime64[D]" for date in dates) else "us"
    out = np.array([np.datetime64("NaT") if date is None else date for date in dates], f"datetime64[{unit}]")
    return (out if 2 * len(bad) < len(given) else None), bad


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value) if "." in value else int(value)
    return None


def _date(value: Any) -> Any:
    """A date as datetime64 to the day, a time to the microsecond, or None."""
    text = value.strip() if isinstance(value, str) else f"{value:04d}" if type(value) is int else value
    try:
        if isinstance(text, str) and _PARTIAL_DATE.fullmatch(text):
            return np.datetime64(text).astype("datetime64[D]")
        if isinstance(text, str):
            text = dt.datetime.fromisoformat(text)
        if isinstance(text, dt.datetime):
            naive = text if text.tzinfo is None else text.astimezone(dt.UTC).replace(tzinfo=None)
            return np.datetime64(naive, "us")
        return np.datetime64(text, "D") if isinstance(text, dt.date) else None
    except (ValueError, OverflowError):
        return None
