from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import commonspace as cs
from commonspace.collection.columns import base_schema
from commonspace.collection.partition_rows import field_types, merged_types, rows_of
from commonspace.errors import InputError

VIEWS = {m: np.random.default_rng(i).standard_normal((6, 3)) for i, m in enumerate(("image", "text"))}
SPACE = cs.CCA(2).fit(VIEWS)


def parts(one: Sequence[Any], other: Sequence[Any]) -> list[cs.Dataset]:
    return [cs.Dataset(VIEWS, metadata={"field": [values[0]] * 3 + [values[-1]] * 3}) for values in (one, other)]


def stored(several: list[cs.Dataset]) -> pa.Table:
    fields = merged_types(field_types(part) for part in several)
    schema = pa.schema([*base_schema(2, pa.float32()), *fields.items()])
    return pa.concat_tables(table for part in several for table in rows_of(part, SPACE, 2, schema, fields))


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ([1, 2], [0.5, None], pa.float64()),
        ([0.5, 1.0], [1, 2], pa.float64()),
        ([[1, 2], []], [[0.5], None], pa.list_(pa.float64())),
        ([[0.5], [1.0]], [[1, 2], None], pa.list_(pa.float64())),
        ([None, None], [[1], [2]], pa.list_(pa.int64())),
    ],
    ids=str,
)
def test_numbers_of_two_parts_are_stored_in_the_type_of_both(one: list[Any], other: list[Any], kind: pa.DataType):
    table = stored(parts(one, other))
    assert table.schema.field("field").type == kind
    assert set(map(str, table["field"].to_pylist())) == {
        str(pa.scalar(value, kind).as_py()) for value in (*one, *other)
    }


def test_times_of_two_parts_are_stored_in_the_type_of_both():
    several = [cs.Dataset(VIEWS, time=[first + step for step in range(6)]) for first in (1900, 1900.5)]
    assert stored(several).schema.field("time").type == pa.float64()


@pytest.mark.parametrize("values", [([1, 2], ["a", "b"]), ([[2**60 + 1]], [[0.5]])], ids=str)
def test_values_that_do_not_fit_the_field_are_told(values: tuple[list[Any], list[Any]]):
    with pytest.raises(InputError, match=r"metadata field 'field': the collection holds .*, got "):
        stored(parts(*values))
