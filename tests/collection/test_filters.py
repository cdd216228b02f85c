"""Filters against plain Python: what a condition means, and that no value or name can be read as SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonspace.collection import Collection
from commonspace.collection.filters import compile_filter
from commonspace.errors import InputError, UnknownNameError

from .conftest import DIM

ROWS: list[dict[str, Any]] = [
    {
        "year": None if i % 7 == 6 else 1940 + i,
        "size": None if i % 5 == 4 else i / 3,
        "label": [None, "art", "music", "o'clock", "' OR 1=1 --"][i % 5],
        "tags": None if i % 4 == 3 else [["red", "it's"], [], ["red", "blue;"]][i % 3],
        "codes": [i, 7],
        "open": bool(i % 2),
        "day": date(1999, 12, 20) + timedelta(i),
        "at": datetime(1999, 12, 20, 1, 2, 3, 456789) + timedelta(i),
        "zoned": datetime(1999, 12, 20, tzinfo=UTC) + timedelta(i),
    }
    for i in range(40)
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    collection = Collection.create(tmp_path_factory.mktemp("filters") / "store", dim=DIM)
    X = np.random.default_rng(0).standard_normal((40, DIM))
    metadata = {field: [row[field] for row in ROWS] for field in ROWS[0]}
    collection.add_vectors([str(i) for i in range(40)], X, modality="image", metadata=metadata)
    return collection


def found(collection: Collection, where: Mapping[str, Any]) -> list[int]:
    return sorted(int(hit.id) for hit in collection.search(vector=np.ones(DIM), k=1000, where=where))


def passes(row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    """The meaning of `where`, in Python."""
    return all(_passes(row, key, value) for key, value in where.items())


def _passes(row: Mapping[str, Any], key: str, value: Any) -> bool:
    if key == "not":
        return not passes(row, value)
    if key in ("and", "or"):
        return {"and": all, "or": any}[key](passes(row, term) for term in value)
    x = row[key]
    tests: dict[str, Callable[[Any], bool]] = {
        "eq": lambda v: x == v,
        "ne": lambda v: x != v,
        "lt": lambda v: x is not None and x < v,
        "le": lambda v: x is not None and x <= v,
        "gt": lambda v: x is not None and x > v,
        "ge": lambda v: x is not None and x >= v,
        "in": lambda v: x in v,
        "contains": lambda v: x is not None and v in x,
    }
    return all(tests[operator](v) for operator, v in (value if isinstance(value, dict) else {"eq": value}).items())


DAY, AT, ZONED = ROWS[9]["day"], ROWS[9]["at"], ROWS[9]["zoned"]
CASES: list[dict[str, Any]] = [
    {},
    {"year": 1950},
    {"year": None},
    {"label": "art"},
    {"label": "o'clock"},
    {"label": "' OR 1=1 --"},
    {"label": None},
    {"open": True},
    {"tags": None},
    *({"year": {operator: 1950}} for operator in ("lt", "le", "gt", "ge", "eq", "ne")),
    *({"year": {operator: 1950.5}} for operator in ("lt", "le", "gt", "ge", "eq", "ne")),
    *({"size": {operator: 4 / 3}} for operator in ("lt", "le", "gt", "ge", "eq", "ne")),
    *({"label": {operator: "music"}} for operator in ("lt", "le", "gt", "ge", "eq", "ne")),
    *({"day": {operator: DAY}} for operator in ("lt", "le", "gt", "ge", "eq", "ne")),
    *({"at": {operator: AT}} for operator in ("lt", "le", "gt", "ge", "eq", "ne")),
    *({"zoned": {operator: ZONED}} for operator in ("lt", "le", "gt", "ge", "eq", "ne")),
    {"year": {"ge": 1945, "lt": 1955}},
    {"year": {"ne": None}},
    {"year": 1950.0},
    {"size": 4},
    {"size": {"lt": math.inf}},
    {"size": {"gt": -math.inf}},
    {"year": {"lt": 2**62}},
    {"year": {"lt": math.inf}},
    {"year": {"in": [1941, 1950, 3000]}},
    {"year": {"in": []}},
    {"year": {"in": [1941, None]}},
    {"label": {"in": ["art", "o'clock"]}},
    {"day": {"in": [DAY]}},
    {"tags": {"contains": "red"}},
    {"tags": {"contains": "it's"}},
    {"codes": {"contains": 9}},
    {"label": {"contains": "1=1"}},
    {"label": {"contains": "'"}},
    {"label": {"contains": "%"}},
    {"open": True, "year": {"lt": 1955}},
    {"and": [{"open": True}, {"year": {"lt": 1955}}]},
    {"or": [{"label": "art"}, {"year": {"lt": 1945}}]},
    {"and": []},
    {"or": []},
    {"not": {"year": {"lt": 1955}}},
    {"not": {}},
    {"not": {"tags": {"contains": "red"}}},
    {"not": {"not": {"year": {"lt": 1955}}}},
    {"not": {"or": [{"year": {"ne": 1950}}, {"and": [{"open": True}, {"label": None}]}]}},
]


@pytest.mark.parametrize("where", CASES, ids=str)
def test_a_filter_means_what_it_says(filled, where):
    assert found(filled, where) == [i for i, row in enumerate(ROWS) if passes(row, where)]


@pytest.mark.parametrize(
    ("where", "same"),
    [
        ({"year": np.int32(1950)}, {"year": 1950}),
        ({"open": np.True_}, {"open": True}),
        ({"label": np.str_("art")}, {"label": "art"}),
        ({"size": {"lt": np.float32(2)}}, {"size": {"lt": 2.0}}),
        ({"day": {"lt": DAY.isoformat()}}, {"day": {"lt": DAY}}),
        ({"day": {"lt": np.datetime64(DAY)}}, {"day": {"lt": DAY}}),
        ({"day": datetime(DAY.year, DAY.month, DAY.day)}, {"day": DAY}),
        ({"at": AT.isoformat()}, {"at": AT}),
        ({"at": np.datetime64(AT, "ns")}, {"at": AT}),
        ({"at": {"lt": DAY}}, {"at": {"lt": datetime(DAY.year, DAY.month, DAY.day)}}),
        ({"zoned": ZONED.replace(tzinfo=None)}, {"zoned": ZONED}),
        ({"zoned": ZONED.astimezone(timezone(timedelta(hours=5)))}, {"zoned": ZONED}),
        ({"year": {"in": {1950, 1941}}}, {"year": {"in": [1950, 1941]}}),
        ({"year": {"in": np.array([1950, 1941])}}, {"year": {"in": [1950, 1941]}}),
    ],
    ids=str,
)
def test_other_ways_to_write_a_value(filled, where, same):
    expected = found(filled, same)
    assert expected
    assert found(filled, where) == expected


def test_columns_of_the_table_can_be_filtered(filled):
    assert found(filled, {"id": {"in": ["3", "5"]}}) == [3, 5]
    assert found(filled, {"modality": "text"}) == []
    assert len(found(filled, {"part": {"lt": 2**40}})) == 40  # beyond the 32 bits that a part has


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"year": "1950"}, "'year' holds int64, and '1950'"),
        ({"year": True}, "'year' holds int64, and True"),
        ({"year": 2**63}, "'year' holds int64"),
        ({"year": float("nan")}, "'year' holds int64, and nan"),
        ({"year": {"in": [1950.5]}}, "'year' holds int64"),
        ({"size": "x"}, "'size' holds double"),
        ({"size": float("nan")}, "'size' holds double, and nan"),
        ({"size": 10**400}, "'size' holds double"),
        ({"label": 3}, "'label' holds string, and 3"),
        ({"label": "\ud800"}, "'label' holds string"),
        ({"label": {"lt": None}}, "'label' holds string, and None"),
        ({"open": 1}, "'open' holds bool"),
        ({"day": "yesterday"}, "'day' holds date32"),
        ({"day": AT}, "'day' holds date32"),
        ({"day": np.datetime64("NaT")}, "'day' holds date32"),
        ({"at": ZONED}, "'at' holds timestamp"),
        ({"at": 5}, "'at' holds timestamp"),
        ({"zoned": "0001-01-01T00:00:00+14:00"}, r"'zoned' holds timestamp\[us, tz=UTC\], and .0001-01-01T00:00:00"),
        ({"zoned": {"lt": "9999-12-31T23:59:59-10:00"}}, "'zoned' holds timestamp"),
        ({"tags": "red"}, "'tags' holds lists; test it with 'contains', not 'eq'"),
        ({"tags": {"in": ["red"]}}, "'tags' holds lists"),
        ({"tags": {"contains": 3}}, "'tags' holds string, and 3"),
        ({"year": {"contains": 3}}, "'contains' is for lists and texts, and field 'year' holds int64"),
        ({"label": {"in": "art"}}, "'in' takes a list of values for field 'label', got 'art'"),
        ({"label": ["art"]}, "'label' holds string"),
        ({"and": {"year": 1}}, "'and' takes a list of mappings"),
        ({"or": "x"}, "'or' takes a list of mappings"),
        ({"or": ["x"]}, "expected a mapping"),
        ({"not": 3}, "expected a mapping"),
        ("year < 1950", "expected a mapping"),
        ({"year": {"in": range(20_000)}}, "'in' takes a list"),
        ({"year": {"in": list(range(20_000))}}, "at most 10,000 values"),
        ({"and": [{"year": 1}] * 300}, "more than 256 conditions"),
    ],
    ids=lambda x: str(x)[:60],
)
def test_wrong_filters(filled, where, message):
    with pytest.raises(InputError, match=message):
        filled.search(vector=np.ones(DIM), where=where)


@pytest.mark.parametrize("name", ["yaer", "vector", "year`", "1=1 OR year", "_distance", "label' OR"])
def test_unknown_fields(filled, name):
    with pytest.raises(UnknownNameError, match="unknown metadata field") as error:
        filled.search(vector=np.ones(DIM), where={name: 1})
    assert "year" in str(error.value)


def test_unknown_operators(filled):
    with pytest.raises(UnknownNameError, match="unknown operator 'less'"):
        filled.search(vector=np.ones(DIM), where={"year": {"less": 3}})


def nested(depth: int) -> dict[str, Any]:
    where: dict[str, Any] = {"year": {"lt": 1950}, "open": True}
    for level in range(depth - 1):
        inner = {"not": where} if level % 2 else {"or": [where, {"year": 1977}]}
        where = {"year": {"ne": None}, "open": {"ne": None}} | inner
    return where


def test_the_deepest_filter_runs_and_a_deeper_is_refused(filled):
    assert found(filled, nested(8)) == [i for i, row in enumerate(ROWS) if passes(row, nested(8))]
    with pytest.raises(InputError, match="nested more than 8 deep"):
        filled.search(vector=np.ones(DIM), where=nested(9))


def test_the_largest_filter_runs(filled):
    assert found(filled, {"or": [{"year": {"eq": 1940 + i}} for i in range(256)]}) == found(
        filled, {"year": {"ne": None}}
    )
    assert found(filled, {"year": {"in": list(range(-8000, 2000))}}) == found(filled, {"year": {"ne": None}})


FIELDS = {"f": pa.string()}


@given(st.text())
def test_a_text_stays_inside_its_quotes(value):
    sql = compile_filter({"f": value}, FIELDS)
    inner = sql.removeprefix("`f` = '").removesuffix("'")
    assert inner.replace("''", "") == value.replace("'", "")  # every quote within is doubled
    assert inner.replace("''", "'") == value


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["'", "''", "' OR 1=1 --", "a'b", ";", "`", "\\", "\\'", "%", "\0", "\n", "é", "e\u0301", "👍", '"']
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(texts | st.none(), min_size=1, max_size=8))
def test_any_text_is_found_by_equality_and_nothing_else_is(values, tmp_path_factory):
    collection = Collection.create(tmp_path_factory.mktemp("texts") / "store", dim=2)
    collection.add_vectors(
        [str(i) for i in range(len(values))], np.ones((len(values), 2)), modality="m", metadata={"f": [*values]}
    )
    if any(v is not None for v in values):
        for value in {*values, "' OR 1=1 --"}:
            hits = collection.search(vector=np.ones(2), k=20, where={"f": value})
            assert sorted(int(h.id) for h in hits) == [i for i, v in enumerate(values) if v == value]
            assert all(h.metadata.get("f") == value for h in hits)


AWKWARD_FIELDS = [
    "o'clock",
    'a"b',
    "a;b",
    "tick`tick",
    "a.b",
    "a%2Eb",
    "*",
    "日本",
    "Year",
    "year",
    "select",
    "a b",
    "a\nb",
    "a\0b",
    "a[0]",
    "1",
    "\\",
]


def test_awkward_field_names(raw):
    raw.add_vectors(["x"], np.ones((1, DIM)), modality="m", metadata={AWKWARD_FIELDS[0]: ["first"]})  # the rest extend
    raw.add_vectors(["a", "b"], np.ones((2, DIM)), modality="m", metadata={f: [f, None] for f in AWKWARD_FIELDS})
    for field in AWKWARD_FIELDS:
        [hit] = raw.search(vector=np.ones(DIM), where={field: field})
        assert hit.id == "a"
        assert hit.metadata == {f: f for f in AWKWARD_FIELDS}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    numbers=st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=3, max_size=3),
    floats=st.lists(st.floats(allow_nan=False), min_size=3, max_size=3),
    days=st.lists(st.dates(), min_size=3, max_size=3),
    moments=st.lists(st.datetimes(), min_size=3, max_size=3),
)
def test_any_number_and_date_is_found_by_equality(numbers, floats, days, moments, tmp_path_factory):
    collection = Collection.create(tmp_path_factory.mktemp("numbers") / "store", dim=2)
    columns = {"n": numbers, "x": floats, "day": days, "at": moments}
    collection.add_vectors(["0", "1", "2"], np.ones((3, 2)), modality="m", metadata=columns)
    for field, values in columns.items():
        for value in values:
            hits = collection.search(vector=np.ones(2), where={field: value})
            assert sorted(int(h.id) for h in hits) == [i for i, v in enumerate(values) if v == value]


def test_a_selective_filter_still_gives_k_hits(raw, rng):
    """Filtering after the search would find none of these: they are the farthest of all."""
    X = rng.standard_normal((3000, DIM)).astype(np.float32)
    q = np.ones(DIM)
    far = set(np.argsort(X @ q / np.linalg.norm(X, axis=1))[:16].tolist())
    raw.add_vectors([str(i) for i in range(3000)], X, modality="m", metadata={"rare": [i in far for i in range(3000)]})
    hits = raw.search(vector=q, k=16, where={"rare": True})
    assert {int(h.id) for h in hits} == far
