"""How the texts of a column of times are read, as the whole column shows: a partition of it may not show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonspace.data.readers.times import DateAndZone, kept_zone, of_one_kind, parse_time, read_date
from commonspace.data.readers.written_dates import in_iso_form

_ORDERS: dict[bool | None, str] = {True: "31/12/1950", False: "12/31/1950", None: "1950-12-31"}
"""Whether the day stands first -> a date that shows it, or shows nothing."""


@dataclass(frozen=True)
class WrittenTimes:
    """How texts are read as times.

    Attributes:
        dates: Whether they are dates or times of day; else numbers.
        day_first: Whether the day stands before the month in "03/04/1950"; None where nothing tells.
        unit: Of dates: "D", or "us" where a time of day occurs.
        known: Whether most can be read; else none is.
        zoned: Whether it is times with a zone that are read, where there are others too; None where all are alike.
    """

    dates: bool
    day_first: bool | None
    unit: str
    known: bool
    zoned: bool | None = None

    @classmethod
    def of(cls, chunks: Iterable[pa.Array]) -> WrittenTimes:
        """What a column shows.

        Args:
            chunks: The column, some rows at a time.
        """
        counted = _Counted()
        for chunk in chunks:
            counted.add(chunk)
        return counted.result()

    def read(self, texts: Sequence[str | None]) -> tuple[list[Any] | NDArray[Any], list[int]]:
        """Times, and the numbers of the rows that could not be read; as `parse_time` gives them of the whole column."""
        times: list[Any] | NDArray[Any] = [_number(text) for text in texts]
        if self.dates:
            dates = of_one_kind(_dates(texts, self.day_first), self.zoned)
            times = _array(dates).astype(f"datetime64[{self.unit}]")
        bad = [i for i, text in enumerate(texts) if text is not None and (times[i] is None or times[i] != times[i])]
        return (times if self.known else [None] * len(texts)), bad


class _Counted:
    """What has been seen of a column."""

    def __init__(self) -> None:
        self.given = self.numbers = 0
        self.alike = True
        self.dates = dict.fromkeys(_ORDERS, 0)
        self.only_dates = dict.fromkeys(_ORDERS, False)
        self.fine = dict.fromkeys(_ORDERS, False)
        self.zones = {order: {True: 0, False: 0} for order in _ORDERS}

    def add(self, chunk: pa.Array) -> None:
        counts = pc.value_counts(chunk.cast(pa.string()).drop_null())
        known = [(text, n) for text, n in zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True)]
        known = [(text, n) for text, n in known if text]  # an empty text is none
        texts, times = [text for text, _ in known], np.array([n for _, n in known], np.int64)
        numbers = np.array([_number(text) is not None for text in texts], bool)
        self.given += int(times.sum())
        self.numbers += int(times[numbers].sum())
        read_in = {order: _dates(texts, order) for order in _ORDERS}
        found = {order: _array([date for date, _ in read]) for order, read in read_in.items()}
        for order, dates in found.items():
            read = ~np.isnat(dates)
            self.dates[order] += int(times[read].sum())
            self.only_dates[order] |= bool((read & ~numbers).any())
            for (_, zone), n in zip(read_in[order], times.tolist(), strict=True):
                if zone is not None:
                    self.fine[order] = True
                    self.zones[order][zone] += n
        day, month = (found[order].astype(np.int64) for order in (True, False))
        self.alike &= bool((day == month).all())

    def result(self) -> WrittenTimes:
        more = self.dates[True] - self.dates[False]
        order = more >= 0 if more or self.alike else None
        dates = self.only_dates[order]
        bad = self.given - (self.dates[order] if dates else self.numbers)
        known = 2 * bad < self.given or not self.given
        zoned = kept_zone(self.zones[order][True], self.zones[order][False])
        return WrittenTimes(dates, order, "us" if self.fine[order] else "D", known, zoned)


def _dates(texts: Sequence[str | None], day_first: bool | None) -> list[DateAndZone]:
    """Dates in one order of day and month, one for each text.

    `in_iso_form` takes the order that most dates of a column show: here it is given more that show this one.
    """
    if day_first is None:  # dates that end with the year are none
        texts = [text if text is not None and text.strip()[:4].isdigit() else None for text in texts]
    forms = in_iso_form([*texts, *[_ORDERS[day_first]] * (len(texts) + 1)])
    return [read_date(form) for form in forms[: len(texts)]]


def _array(dates: Sequence[Any]) -> NDArray[Any]:
    """(n,) dates, NaT where there is none."""
    return np.array([np.datetime64("NaT") if date is None else date for date in dates], "datetime64[us]")


def _number(text: str | None) -> int | float | None:
    times, _ = parse_time([text])
    return times[0] if isinstance(times, list) else None
