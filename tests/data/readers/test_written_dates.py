from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonspace.data.readers.written_dates import in_iso_form


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        (["31/12/1950", "01/02/1950"], ["1950-12-31", "1950-02-01"]),
        (["12/31/1950", "01/02/1950"], ["1950-12-31", "1950-01-02"]),
        (["31.12.1950 9:05", "1-2-1950"], ["1950-12-31T09:05", "1950-02-01"]),
        (["1950:12:31 23:59:01", "1950/1/2", "1950.01.02"], ["1950-12-31T23:59:01", "1950-01-02", "1950-01-02"]),
        (["04/04/1950", "5/5/1950"], ["1950-04-04", "1950-05-05"]),
        (["31/12/1950", "13/14/1950", None, 7], ["1950-12-31", "13/14/1950", None, 7]),
    ],
)
def test_forms(written: list[object], iso: list[object]):
    assert in_iso_form(written) == iso


@pytest.mark.parametrize(
    "written",
    [["05/04/1950"], ["05/04/1950", "04/04/1950"], ["13/02/1950", "02/13/1950"], ["1/2.1950"], ["31/02/1950"], []],
)
def test_what_nothing_tells_stays_as_it_is(written: list[str]):
    assert in_iso_form(written) == written


@given(st.lists(st.datetimes(dt.datetime(1000, 1, 1)).map(lambda at: at.replace(microsecond=0)), min_size=1))
def test_every_date_comes_back_where_one_shows_the_order(times: list[dt.datetime]):
    shown = [*times, dt.datetime(1950, 12, 31)]
    for form in ("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y:%m:%d %H:%M:%S"):
        assert in_iso_form([at.strftime(form) for at in shown]) == [at.isoformat() for at in shown]
