"""How metadata is typed, extended and refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonspace.collection import Collection
from commonspace.collection.columns import column_name, field_name
from commonspace.collection.metadata import typed_column, typed_columns
from commonspace.errors import InputError, UnknownNameError

from .conftest import DIM


@given(st.text())
def test_column_names_are_reversible(field):
    assert field_name(column_name(field)) == field
    assert not set(column_name(field)) & set(".`*\0")


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, None], pa.int64(), [1, None]),
        (np.array([1, 2], np.uint8), pa.int64(), [1, 2]),
        (np.array([1.5, np.nan], np.float32), pa.float64(), [1.5, None]),
        ([1.5, float("nan")], pa.float64(), [1.5, None]),
        (pa.array([1.5, float("nan")]), pa.float64(), [1.5, None]),
        (pa.chunked_array([[1], [2]]), pa.int64(), [1, 2]),
        (["a", None], pa.string(), ["a", None]),
        (np.array(["a", None], object), pa.string(), ["a", None]),
        (np.array(["a", "b"]), pa.string(), ["a", "b"]),
        (pa.array(["a", "b"]).dictionary_encode(), pa.string(), ["a", "b"]),
        ([True, False], pa.bool_(), [True, False]),
        ([date(1950, 1, 2), None], pa.date32(), [date(1950, 1, 2), None]),
        (np.array(["1950", "NaT"], "M8[Y]"), pa.date32(), [date(1950, 1, 1), None]),
        (np.array(["1950-03", "NaT"], "M8[M]"), pa.date32(), [date(1950, 3, 1), None]),
        (
            np.array(["1950-01-02T03:04:05.000000006", "NaT"], "M8[ns]"),
            pa.timestamp("us"),
            [datetime(1950, 1, 2, 3, 4, 5), None],
        ),
        ([datetime(1950, 1, 2, tzinfo=UTC), None], pa.timestamp("us", "UTC"), [datetime(1950, 1, 2, tzinfo=UTC), None]),
        ([["a", "b"], []], pa.list_(pa.string()), [["a", "b"], []]),
        (np.array([[1, 2], [3, 4]]), pa.list_(pa.int64()), [[1, 2], [3, 4]]),
    ],
)
def test_types(values, kind, expected):
    column = typed_column("f", values, 2)
    assert column.type == kind
    assert column.to_pylist() == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"], "not of one storable type"),
        ([1], "expected 2 values, one per item, got 1"),
        ("ab", "expected 2 values, got 'ab'"),
        ([b"a", b"b"], "binary cannot be stored"),
        ([{"a": 1}, {"a": 2}], "struct.* cannot be stored"),
        ([[[1]], [[2]]], "cannot be stored"),
        ([timedelta(1), timedelta(2)], "duration.* cannot be stored"),
        (np.array([2**63, 1], np.uint64), "not of one storable type"),
        ([2**70, 1], "not of one storable type"),
        (["\ud800", "a"], "not of one storable type"),  # as names of files are that are no UTF-8
        (np.array(["-0044-03-15", "2000-01-01"], "M8[D]"), "outside the years 1 to 9999"),
        (np.array(["12000-03-15", "2000-01-01"], "M8[s]"), "outside the years 1 to 9999"),
    ],
)
def test_unfit_values_name_the_field(values, message):
    with pytest.raises(InputError, match=f"'f'.*{message}"):
        typed_column("f", values, 2)


@pytest.mark.parametrize(
    "name", ["id", "modality", "part", "vector", "content", "_distance", "_", "and", "or", "not", "", 3, "\ud800"]
)
def test_reserved_names(name):
    with pytest.raises(InputError, match="field name"):
        typed_columns({name: [1]}, 1)


def test_metadata_of_another_kind():
    with pytest.raises(InputError, match="mapping field -> values or a pyarrow Table, got list"):
        typed_columns([1], 1)


def add(collection: Collection, name: str, **metadata: list[Any]) -> None:
    collection.add_vectors([name], np.ones((1, DIM)), modality="image", metadata=metadata)


def stored(collection: Collection) -> dict[str, dict[str, Any]]:
    return {h.id: h.metadata for h in collection.search(vector=np.ones(DIM), k=20)}


def test_a_new_field_extends_the_schema(raw):
    add(raw, "a", year=[1950])
    add(raw, "b", place=["Rome"])
    add(raw, "c", year=[1960], place=["Oslo"])
    assert stored(raw) == {"a": {"year": 1950}, "b": {"place": "Rome"}, "c": {"year": 1960, "place": "Oslo"}}
    assert [h.id for h in raw.search(vector=np.ones(DIM), where={"place": None})] == ["a"]


def test_numbers_fit_a_numeric_field_where_nothing_is_lost(raw):
    add(raw, "a", year=[1950], size=[1.5])
    add(raw, "b", year=[1960.0], size=[2])
    assert stored(raw) == {"a": {"year": 1950, "size": 1.5}, "b": {"year": 1960, "size": 2.0}}
    with pytest.raises(InputError, match=r"'year'.*int64, got double"):
        add(raw, "c", year=[1960.5])
    assert len(raw) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ([1], ["x"], "int64, got string"),
        (["x"], [1], "string, got int64"),
        ([True], [1], "bool, got int64"),
        ([1], [True], "int64, got bool"),
        ([date(1950, 1, 1)], [datetime(1950, 1, 1)], r"date32\[day\], got timestamp\[us\]"),
        ([["x"]], ["x"], "list<.*>, got string"),
    ],
)
def test_another_type_is_refused(raw, old, new, message):
    add(raw, "a", f=old)
    with pytest.raises(InputError, match=f"'f'.*holds {message}"):
        add(raw, "b", f=new)
    assert len(raw) == 1


def test_a_field_of_nothing_waits_for_its_type(raw):
    add(raw, "a", year=[None])
    with pytest.raises(UnknownNameError, match="year"):
        raw.search(vector=np.ones(DIM), where={"year": None})
    add(raw, "b", year=[1950])
    add(raw, "c", year=[None])
    assert stored(raw) == {"a": {}, "b": {"year": 1950}, "c": {}}
    assert sorted(h.id for h in raw.search(vector=np.ones(DIM), where={"year": None})) == ["a", "c"]
