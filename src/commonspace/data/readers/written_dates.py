"""Dates as people and cameras write them, where the whole column shows in which order day and month stand."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

_YEAR_LAST = re.compile(r"(\d\d?)([./-])(\d\d?)\2(\d{4})(?:[ T](\d\d?:\d\d(?::\d\d)?))?")
_YEAR_FIRST = re.compile(r"(\d{4})([./:])(\d\d?)\2(\d\d?)(?:[ T](\d\d?:\d\d(?::\d\d)?))?")


def in_iso_form(values: Sequence[Any] | NDArray[Any]) -> list[Any]:
    """The values, with texts such as "31/12/1950", "12/31/1950 09:30", "31.12.1950" or "1950:12:31 09:30" in ISO form.

    Which of two numbers is the day is taken from the column: the order in which more of its dates exist. Where both
    orders do for as many and differ, as in a column of "05/04/1950" alone, nothing tells: the texts stay as they are.
    """
    found = [_YEAR_LAST.fullmatch(v.strip()) if isinstance(v, str) else None for v in values]
    day_first = [m and _iso(m[4], m[3], m[1], m[5]) for m in found]
    month_first = [m and _iso(m[4], m[1], m[3], m[5]) for m in found]
    more = sum(map(bool, day_first)) - sum(map(bool, month_first))
    told = more != 0 or day_first == month_first  # 04/04/1950 is the same day either way
    year_last = (day_first if more >= 0 else month_first) if told else [None] * len(values)
    year_first = [_YEAR_FIRST.fullmatch(v.strip()) if isinstance(v, str) else None for v in values]
    others = [m and _iso(m[1], m[3], m[4], m[5]) for m in year_first]
    return [a or b or value for a, b, value in zip(year_last, others, values, strict=True)]


def _iso(year: str, month: str, day: str, time: str | None) -> str | None:
    """The date in ISO form, None where there is no such day."""
    try:
        date = dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
    return date if time is None else f"{date}T{time.zfill(len(time) + (time[1] == ':'))}"
