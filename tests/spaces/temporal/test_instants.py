from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from commonspace.errors import InputError
from commonspace.spaces.temporal.instants import Clock, numbers_of

INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (np.array(["1970-01-02", "1969-12-31"], "datetime64[D]"), [1, -1]),
        (np.array(["1970", "1971"], "datetime64[Y]"), [0, 365]),
        (np.array(["1970-01-01T12", "NaT"], "datetime64[h]"), [0.5, np.nan]),
        ([date(1970, 1, 2), None, datetime(1970, 1, 1, 6)], [1, np.nan, 0.25]),
        ([datetime(1970, 1, 1, 5, 30, tzinfo=INDIA), datetime(1970, 1, 2, tzinfo=UTC)], [0, 1]),
        ([np.datetime64("1970-01-03"), np.datetime64("NaT")], [2, np.nan]),
    ],
)
def test_dates_become_days_since_1970(time: Any, expected: list[float]):
    found, kind = numbers_of(time)
    assert kind == "date"
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("first", ["0001-01-01", "1500-06-01", "1677-09-20"])
@pytest.mark.parametrize("last", ["2263-01-01", "9999-12-31"])
def test_dates_beyond_what_nanoseconds_hold_keep_their_distance(first: str, last: str):
    found, _ = numbers_of(np.array([first, last], "datetime64[D]"))
    assert found[1] - found[0] == (date.fromisoformat(last) - date.fromisoformat(first)).days


@pytest.mark.parametrize(
    "values", [[1, 2, 3], [1.5, 2, 3], np.array(["1950", "1951", "1952"], "datetime64[ns]")], ids=str
)
def test_what_a_mask_hides_is_unknown(values: Any):
    plain, kind = numbers_of(np.asarray(values))
    found, found_kind = numbers_of(np.ma.MaskedArray(values, mask=[False, True, False]))
    assert kind == found_kind
    np.testing.assert_array_equal(found, [plain[0], np.nan, plain[2]])


def test_a_microsecond_is_kept():
    found, _ = numbers_of([datetime(1970, 1, 1), datetime(1970, 1, 1, microsecond=1)])
    assert found[1] == pytest.approx(1 / 86_400_000_000, rel=1e-12)


@pytest.mark.parametrize("time", [[1955, 1960.5, None], np.array([1955, 1960.5, np.nan]), [1955, 1960.5, np.nan]])
def test_numbers_stay_as_they_are(time: Any):
    found, kind = numbers_of(time)
    assert kind == "number"
    np.testing.assert_array_equal(found, [1955, 1960.5, np.nan])


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ([datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1)], "has a time zone and 2000-01-01T00:00:00 has none"),
        ([1955, date(1960, 1, 1)], "dates or numbers, all of one kind, got datetime.date"),
        ([datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))], "the years 1 to 9999 in UTC, got 9999-12-31"),
        ([datetime.min.replace(tzinfo=INDIA)], r"the years 1 to 9999 in UTC, got 0001-01-01T00:00:00\+05:30"),
        (["1955"], "got '1955' \\(str\\)"),
        (np.array(["1955"]), "expected datetime64, dates or numbers, got <U4"),
        ([True, False], "got True"),
        ([1.0, np.inf], "expected finite numbers, got inf in row 1"),
        (np.zeros((2, 2)), r"shape \(n,\), got \(2, 2\)"),
    ],
)
def test_what_is_no_time_is_refused(time: Any, message: str):
    with pytest.raises(InputError, match=f"time: .*{message}"):
        numbers_of(time)


def test_a_clock_needs_two_instants():
    with pytest.raises(InputError, match="time: all 3 items are at one instant, 1955; expected at least two"):
        Clock.of(*numbers_of([1955, 1955, 1955]))
    with pytest.raises(InputError, match="time: unknown for all 2 items"):
        Clock.of(*numbers_of([None, None]))


def test_a_clock_says_what_lies_outside_and_takes_the_nearest():
    clock = Clock.of(*numbers_of([1950, 2000]))
    instants = clock.numbers([1940, 1975, 2000, None])
    np.testing.assert_array_equal(clock.outside(instants), [True, False, False, False])
    np.testing.assert_array_equal(clock.shares(instants), [0, 0.5, 1, np.nan])


def test_a_clock_does_not_mix_dates_and_numbers():
    clock = Clock.of(*numbers_of([date(1950, 1, 1), date(2000, 1, 1)]))
    with pytest.raises(InputError, match="time: expected dates, as the times before, got numbers"):
        clock.numbers([1975])
    with pytest.raises(InputError, match="expected 3, one per item, got 1"):
        clock.numbers([date(1975, 1, 1)], 3)


def test_a_clock_writes_and_gives_back_what_it_was_given():
    clock = Clock.of(*numbers_of([date(1950, 1, 1), date(2000, 1, 1)]))
    time = np.array(["1950-01-01", "1969-07-20T20:17:40", "NaT"], "datetime64[us]")
    np.testing.assert_array_equal(clock.values(clock.numbers(time)), time)
    assert [clock.written(t) for t in clock.numbers(time[:2])] == ["1950-01-01", "1969-07-20T20:17:40"]
    assert Clock("number", 1950, 2000).written(1955.0) == "1955"
