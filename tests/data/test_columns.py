from __future__ import annotations

import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from commonspace.data.columns import as_column, as_items, as_time, as_view, multi_hot
from commonspace.errors import InputError

DAY = datetime.date(1950, 2, 1)


@pytest.mark.parametrize("missing", [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT], ids=repr)
@pytest.mark.parametrize("value", ["a", 3, 2.5, DAY], ids=repr)
def test_what_is_missing_becomes_null(value: object, missing: object):
    assert as_column("x", [value, missing]).to_pylist() == [value, None]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint16", "int64", "bool", "<U3"])
def test_arrays_keep_their_values(dtype: str):
    values = np.array([0, 1, 1]).astype(dtype)
    np.testing.assert_array_equal(as_column("x", values).to_numpy(zero_copy_only=False), values)


def test_arrays_of_objects_and_frames_are_taken_value_by_value():
    assert as_column("x", np.array(["a", None], object)).to_pylist() == ["a", None]
    assert as_column("x", pd.Series(["a", None])).to_pylist() == ["a", None]
    assert as_column("x", [np.int64(3), np.int8(4)]).to_pylist() == [3, 4]


def test_paths_become_strings_also_inside_lists():
    assert as_column("image", [Path("a/b.png"), None]).to_pylist() == ["a/b.png", None]
    assert as_column("image", [[Path("a.png"), "b.png"], []]).to_pylist() == [["a.png", "b.png"], []]


@pytest.mark.parametrize("values", [[1, "a"], [b"a", 1.5], np.zeros((2, 2)), 5, [object()]], ids=range(5))
def test_values_without_a_common_type_are_an_error_that_names_the_column(values: Any):
    with pytest.raises(InputError, match="year: the values have no common type"):
        as_column("year", values)


def test_one_list_of_parts_makes_every_item_a_list():
    column = as_items("text", [["a", "b"], "c", None, [], ("d",)])
    assert column.to_pylist() == [["a", "b"], ["c"], None, [], ["d"]]
    assert as_items("text", ["a", None]).to_pylist() == ["a", None]


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns"])
def test_dates_of_every_unit_keep_their_instant(unit: str):
    values = np.array(["1970-01-01", "1950-01-05", "NaT"], f"datetime64[{unit}]")
    for given in (values, list(values)):
        column = as_time(given).to_numpy(zero_copy_only=False)
        np.testing.assert_array_equal(column, values.astype(column.dtype))


@pytest.mark.parametrize("values", [["1950", "1951"], [b"1950"], [True, False], [[1950]]], ids=repr)
def test_times_are_dates_or_numbers(values: Any):
    with pytest.raises(InputError, match="time: expected datetime64, dates or numbers, got"):
        as_time(values)


NOON = datetime.datetime(1950, 2, 1, 12, 30)
ZONE = datetime.timezone(datetime.timedelta(hours=5))


@pytest.mark.parametrize("name", ["time", "taken"])
def test_days_beside_times_of_day_become_their_midnight(name: str):
    midnight = datetime.datetime(1950, 2, 1)
    for values in ([DAY, NOON, None], [NOON, DAY, pd.NaT], np.array([NOON, DAY], object)):
        expected = [midnight if value == DAY else value if value == NOON else None for value in values]
        assert as_column(name, values).to_pylist() == expected
    zoned = as_column(name, [NOON.replace(tzinfo=ZONE), DAY]).to_pylist()
    assert zoned == [NOON.replace(tzinfo=ZONE), midnight.replace(tzinfo=datetime.UTC)]


@pytest.mark.parametrize("other", [NOON, np.datetime64(NOON)], ids=["datetime", "datetime64"])
def test_a_time_with_a_zone_beside_one_without_is_refused(other: object):
    with pytest.raises(InputError, match=r"taken: .* some have a time zone and others have none"):
        as_column("taken", [NOON.replace(tzinfo=ZONE), other])
    two = [NOON.replace(tzinfo=ZONE), NOON.replace(tzinfo=datetime.UTC), None]
    assert as_column("taken", two).to_pylist() == two


def test_dates_of_unlike_units_keep_their_instant_or_are_refused():
    early, fine = np.datetime64("1600-01-01"), np.datetime64("2020-01-01T00:00:00.000000001")
    whole = fine.astype("datetime64[us]").astype("datetime64[ns]")  # in nanoseconds there is no year 1600
    assert as_column("t", [early, whole]).to_pylist() == [
        datetime.datetime(1600, 1, 1), datetime.datetime(2020, 1, 1)
    ]  # fmt: skip
    late = np.datetime64("2019-01-01")
    np.testing.assert_array_equal(as_column("t", [late, fine]).to_numpy(), np.array([late, fine], "datetime64[ns]"))
    with pytest.raises(InputError, match=r"t: .* no unit of time holds both the earliest and the finest"):
        as_column("t", [early, fine])


def test_integers_beyond_64_bits_are_an_error_that_names_the_column():
    for values in ([10**30, 1], [1, None, -(10**30)]):
        with pytest.raises(InputError, match=r"year: the values have no common type: .*too large"):
            as_column("year", values)


def test_times_may_all_be_unknown():
    assert as_time([None, float("nan")]).type == pa.null()


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8"])
def test_features_become_single_precision(dtype: str):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    view = as_view("image", values)
    assert view.dtype == np.float32
    np.testing.assert_array_equal(view, values)


@pytest.mark.parametrize("shape", [(3,), (3, 1, 1, 2), ()])
def test_features_of_another_rank_are_an_error_that_names_the_modality(shape: tuple[int, ...]):
    with pytest.raises(InputError, match=r"image: expected features of shape \(n, d\) or \(n, r, d\)"):
        as_view("image", np.zeros(shape))


def test_multi_hot():
    rows = [["b"], [], None, ["c", "a"]]
    np.testing.assert_array_equal(multi_hot(rows, ["a", "b", "c"]), [[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 1]])


def test_arrays_as_items_are_kept_as_npy_files_also_as_parts():
    arrays = [np.arange(6, dtype=np.int16).reshape(2, 3), np.arange(4.0)]
    for column in (as_items("m", [*arrays, None]), as_items("m", [arrays, None])):
        kept = column.to_pylist()
        assert kept[-1] is None
        for array, content in zip(arrays, kept[0] if isinstance(kept[0], list) else kept, strict=False):
            loaded = np.load(BytesIO(content), allow_pickle=False)
            assert loaded.dtype == array.dtype
            np.testing.assert_array_equal(loaded, array)
