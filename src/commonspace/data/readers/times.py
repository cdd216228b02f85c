"""Values of a time column: numbers kept as they are, or dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .written_dates import in_iso_form

EXPECTED = (
    "numbers, ISO dates such as 1950-03-31, or dates such as 31/03/1950 where one shows which is the day (times all "
    "with a zone, or all without)"
)

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_PARTIAL_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")

DateAndZone: TypeAlias = tuple[Any, bool | None]
"""A date as datetime64 to the day, a time to the microsecond, in UTC where it names a zone, or None; and whether it
names one, None where it is no time."""


def parse_time(values: Sequence[Any] | NDArray[Any]) -> tuple[list[Any] | NDArray[Any] | None, list[int]]:
    """The times, and the numbers of the rows that could not be read.

    Where everything that can be read is a number (1950, "1950", 12.5), they are numbers, None where unknown. Else
    they are ISO dates or times ("1950-03-01", "1950-03", "1950", "1950-03-01T12:00Z"), in UTC where they name a zone,
    or in other forms that `in_iso_form` can tell, as datetime64 with NaT where unknown. Times without a zone cannot be
    put in order with those that have one: where both occur, the rarer ones count among what could not be read.

    Returns:
        None for the times if most cannot be read: the column then holds something else.
    """
    numbers = [_number(value) for value in values]
    read = [read_date(value) for value in in_iso_form(values)]
    given = [i for i, value in enumerate(values) if value is not None]
    if all(numbers[i] is not None for i in given if read[i][0] is not None or numbers[i] is not None):
        bad = [i for i in given if numbers[i] is None]
        return (numbers if 2 * len(bad) < len(given) or not given else None), bad
    zones = [zone for _, zone in read]
    dates = of_one_kind(read, kept_zone(zones.count(True), zones.count(False)))
    unit = "D" if all(date is None or date.dtype == "datetime64[D]" for date in dates) else "us"
    out = np.array([np.datetime64("NaT") if date is None else date for date in dates], f"datetime64[{unit}]")
    unreadable = sum(read[i][0] is None for i in given)
    return (out if 2 * unreadable < len(given) else None), [i for i in given if dates[i] is None]


def kept_zone(zoned: int, plain: int) -> bool | None:
    """Whether it is times with a zone that are kept, of so many with and without; None where they are all alike."""
    return zoned >= plain if zoned and plain else None


def of_one_kind(read: Sequence[DateAndZone], zoned: bool | None) -> list[Any]:
    """The dates, None in place of times of the other kind than is kept."""
    return [date if zoned is None or zone is None or zone == zoned else None for date, zone in read]


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value) if "." in value else int(value)
    return None


def read_date(value: Any) -> DateAndZone:
    """A date or a time, of a text in ISO form too."""
    text = value.strip() if isinstance(value, str) else f"{value:04d}" if type(value) is int else value
    try:
        if isinstance(text, str) and _PARTIAL_DATE.fullmatch(text):
            return np.datetime64(text).astype("datetime64[D]"), None
        if isinstance(text, str):
            text = dt.datetime.fromisoformat(text)
        if isinstance(text, dt.datetime):
            naive = text if text.tzinfo is None else text.astimezone(dt.UTC).replace(tzinfo=None)
            return np.datetime64(naive, "us"), text.tzinfo is not None
        return (np.datetime64(text, "D") if isinstance(text, dt.date) else None), None
    except (ValueError, OverflowError):
        return None, None
