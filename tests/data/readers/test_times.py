from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonspace.data.readers.times import parse_time


@pytest.mark.parametrize(
    ("values", "times", "bad"),
    [
        (["1950", None, "-20", "1.5"], [1950, None, -20, 1.5], []),
        ([1950, 12.5], [1950, 12.5], []),
        (["1950", "1951", "soon"], [1950, 1951, None], [2]),
        ([], [], []),
        ([None], [None], []),
    ],
)
def test_numbers_stay_numbers(values: list[Any], times: list[Any], bad: list[int]):
    assert parse_time(values) == (times, bad)


def test_a_time_of_day_makes_all_times_and_zones_become_utc():
    times, bad = parse_time(["1950-03-01T12:00+02:00", "1950-03-02", dt.date(1951, 1, 1), "1952-01-01T06:00Z"])
    expected = np.array(["1950-03-01T10", "1950-03-02", "1951-01-01", "1952-01-01T06"], "datetime64[us]")
    np.testing.assert_array_equal(times, expected)
    assert not bad


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (["1950-03-01T12:00+02:00", "1950-03-01T12:00"], ["1950-03-01T10", "NaT"]),
        (["1950-03-01T12:00", dt.datetime(1951, 1, 1, tzinfo=dt.UTC), None], ["NaT", "1951-01-01", "NaT"]),
        (["1950-03-01T12:00Z", "1950-03-02", "1951-01-01 09:30", "31.12.1951 9:30"],
         ["NaT", "1950-03-02", "1951-01-01T09:30", "1951-12-31T09:30"]),
    ],
)  # fmt: skip
def test_of_times_with_a_zone_and_without_the_rarer_are_unknown(values: list[Any], kept: list[str]):
    times, bad = parse_time(values)
    np.testing.assert_array_equal(times, np.array(kept, "datetime64[us]"))
    assert bad == [i for i, value in enumerate(kept) if value == "NaT" and values[i] is not None]


def test_what_is_mostly_something_else_is_no_time():
    assert parse_time(["red", "blue", "1950"]) == (None, [0, 1])
    assert parse_time([True, False])[0] is None
    assert parse_time(["1950-13-01", "99999-01-01"])[0] is None


@given(st.lists(st.dates() | st.datetimes(), min_size=1, max_size=5))
def test_iso_texts_come_back(values: list[dt.date]):
    times, bad = parse_time([None, *(value.isoformat() for value in values)])
    assert not bad
    assert times is not None
    assert np.isnat(times[0])
    assert list(times[1:]) == [np.datetime64(value) for value in values]
