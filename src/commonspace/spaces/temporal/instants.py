"""Instants as numbers: dates at their own resolution as days, numbers as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError

Kind = Literal["date", "number"]
Times = ArrayLike | Sequence[object]
"""Dates or numbers, some of which may be None."""

_MICROSECONDS_A_DAY = 86_400_000_000


def numbers_of(time: Times, name: str = "time") -> tuple[NDArray[np.float64], Kind]:
    """Instants as numbers that can be subtracted.

    Dates become days since 1970-01-01, to the microsecond, from the year 1 to 9999 and, as datetime64, far beyond;
    datetimes with a time zone are brought to UTC. A date of a coarser resolution, such as datetime64[Y], is its first
    instant. Numbers stay as they are. NaN, NaT and None are unknown, and become NaN.

    Args:
        time: (n,) datetime64, dates, datetimes or numbers; not some of one and some of another.
        name: What errors call it.

    Returns:
        (n,) numbers, and what they were.

    Raises:
        InputError: If the values are of another type, mixed, or infinite, or times with and without a zone are mixed.
    """
    if isinstance(time, np.ma.MaskedArray):
        hidden, values = np.ma.getmaskarray(time), np.ma.getdata(time)
        time = np.array(values, values.dtype if values.dtype.kind in "MO" else np.float64)
        time[hidden] = None  # NaT of dates, NaN of numbers
    values = np.asarray(time) if not isinstance(time, list | tuple) else np.array([*time, None], object)[:-1]
    if values.ndim != 1:
        raise InputError(f"{name}: expected one per item, shape (n,), got {values.shape}.")
    if values.dtype.kind == "M":
        return _days(values), "date"
    if values.dtype.kind in "iuf":
        return _finite(values.astype(np.float64), name), "number"
    if values.dtype.kind != "O":
        raise InputError(f"{name}: expected datetime64, dates or numbers, got {values.dtype}.")
    known = [value for value in values if not _unknown(value)]
    if all(isinstance(value, date | np.datetime64) for value in known) and known:
        return _days(np.array([np.datetime64("NaT") if _unknown(v) else _utc(v, known, name) for v in values])), "date"
    for value in known:
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            raise InputError(
                f"{name}: expected dates or numbers, all of one kind, got {value!r} ({type(value).__name__})."
            )
    return _finite(np.array([np.nan if _unknown(v) else _as_float(v) for v in values], np.float64), name), "number"


@dataclass(frozen=True)
class Clock:
    """The span of time that a space has learnt from.

    Attributes:
        kind: What instants are: dates, or numbers.
        start: The first instant.
        end: The last one.
    """

    kind: Kind
    start: float
    end: float

    @classmethod
    def of(cls, instants: NDArray[np.float64], kind: Kind) -> Self:
        """The clock of the instants of training items, NaN where unknown.

        Raises:
            InputError: If fewer than two different instants are known.
        """
        known = instants[~np.isnan(instants)]
        if not len(known):
            raise InputError(f"time: unknown for all {len(instants)} items; expected two different instants or more.")
        if np.ptp(known) == 0:
            instant = cls(kind, known[0], known[0]).written(known[0])
            raise InputError(f"time: all {len(known)} items are at one instant, {instant}; expected at least two.")
        return cls(kind, float(known.min()), float(known.max()))

    def numbers(self, time: Times, n: int | None = None, *, name: str = "time") -> NDArray[np.float64]:
        """(n,) instants as numbers of this clock.

        Raises:
            InputError: If they are dates where this clock has numbers, or the other way round, or not n.
        """
        found, kind = numbers_of(time, name)
        if kind != self.kind and not np.isnan(found).all():
            raise InputError(f"{name}: expected {self.kind}s, as the times before, got {kind}s.")
        if n is not None and len(found) != n:
            raise InputError(f"{name}: expected {n}, one per item, got {len(found)}.")
        return found

    def outside(self, instants: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(n,) which instants lie before the first or after the last one; unknown ones do not."""
        return np.asarray((instants < self.start) | (instants > self.end))

    def shares(self, instants: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) instants as shares of the span, from 0 to 1; those outside are taken as the nearest within."""
        return np.asarray(np.clip((instants - self.start) / (self.end - self.start), 0, 1))

    def written(self, instant: float) -> str:
        """An instant for people: a date, with the time of day if that is not midnight, or a number."""
        if self.kind == "number":
            return f"{instant:.12g}"
        moment = np.datetime64(round(instant * _MICROSECONDS_A_DAY), "us")
        return str(moment.astype("datetime64[D]") if instant == int(instant) else moment.astype("datetime64[s]"))

    def values(self, instants: NDArray[np.float64]) -> NDArray[Any]:
        """(n,) what the numbers stand for: datetime64[us], or the numbers themselves."""
        if self.kind == "number":
            return instants
        known = ~np.isnan(instants)
        days = np.full(len(instants), np.datetime64("NaT"), "datetime64[us]")
        days[known] = np.round(instants[known] * _MICROSECONDS_A_DAY).astype(np.int64).astype("datetime64[us]")
        return days


def _days(values: NDArray[Any]) -> NDArray[np.float64]:
    unit = np.datetime_data(values.dtype)[0]
    moments = values if unit in ("us", "generic") else values.astype("datetime64[us]")
    days = moments.astype(np.int64) / _MICROSECONDS_A_DAY
    return np.where(np.isnat(moments), np.nan, days)


def _finite(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    if np.isinf(values).any():
        row = int(np.flatnonzero(np.isinf(values))[0])
        raise InputError(f"{name}: expected finite numbers, got {values[row]} in row {row}.")
    return values


def _as_float(value: Real) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of more than 308 digits
        return float("inf")


def _unknown(value: object) -> bool:
    if value is None or (isinstance(value, np.datetime64) and bool(np.isnat(value))):
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA is neither
        return True


def _utc(value: Any, known: Sequence[Any], name: str) -> np.datetime64:
    """A date as datetime64 in microseconds; with a time zone, in UTC.

    Raises:
        InputError: If some of the known datetimes have a zone and others have not: what lies before what is unknown;
            or if it leaves the years 1 to 9999 in UTC.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        plain = next((v for v in known if isinstance(v, datetime) and v.tzinfo is None), None)
        if plain is not None:
            raise InputError(
                f"{name}: {value.isoformat()} has a time zone and {plain.isoformat()} has none; give all or none one."
            )
        try:
            value = value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            raise InputError(f"{name}: expected the years 1 to 9999 in UTC, got {value.isoformat()}.") from None
    return np.datetime64(value, "us")
