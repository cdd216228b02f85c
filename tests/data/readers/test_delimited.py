from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonspace.data.readers.delimited import read_delimited
from commonspace.errors import InputError

from .layouts import told, write

VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=6),
    st.sampled_from([("csv", ","), ("csv", ";"), ("tsv", "\t")]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_what_csv_writes_is_read(tmp_path: Path, rows: list[tuple[str, str, str]], kind: tuple[str, str]):
    path = tmp_path / f"t.{kind[0]}"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=kind[1]).writerows([("a", "b", "c"), *rows])
    table = read_delimited(path)
    found = list(zip(*table.columns.values(), strict=True))
    assert found == [tuple(value or None for value in row) for row in rows]
    assert not table.problems


def test_places_are_the_lines_at_which_rows_begin(tmp_path: Path):
    table = read_delimited(write(tmp_path, t__csv='a,b\r\n"1\r\n2",x\r\n\r\n3,y\r\n') / "t.csv")
    assert [table.where(row) for row in range(len(table))] == ["t.csv:2", "t.csv:5"]


def test_rows_of_another_length_are_told_with_their_line(tmp_path: Path):
    table = read_delimited(write(tmp_path, t__csv='a,b\n1,2\n1\n1,2,3\n"x"y,2\n5,6\n') / "t.csv")
    assert table.columns == {"a": ["1", "5"], "b": ["2", "6"]}
    assert told(table.problems).splitlines() == [
        "t.csv:3: row: 1 fields where the first line names 2; left out.",
        "t.csv:4: row: 3 fields where the first line names 2; left out.",
        "t.csv:5: row: ',' expected after '\"'; left out.",
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,2\n")
    assert list(read_delimited(tmp_path / "t.csv").columns) == ["a", "b"]


def test_a_long_field_is_read_and_the_limit_of_others_stays(tmp_path: Path):
    before = csv.field_size_limit()
    table = read_delimited(write(tmp_path, t__csv="a,b\n" + "x" * 200_000 + ",2\n") / "t.csv")
    assert len(table.columns["a"][0]) == 200_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty; expected a first line that names the columns"),
        (b"a,,c\n", "column 2 has no name"),
        (b"a,b,a\n", "two columns are called 'a'"),
        (b'a,b\n1,2\n"3,4\n5,6\n', r"t\.csv:3: a quote that opens here is never closed"),
        (b"a,b\n1,2\nCaf\xe9,3\n", r"not UTF-8 at byte 11, line 3; .*iconv -f LATIN1 -t UTF-8 t\.csv"),
        ("a,b\n1,é\n".encode("utf-16"), "not UTF-8 at byte 0, line 1; it is in UTF-16"),
        (b"a\n" + b"x\n" * 50_000 + b"\xff\n", "at byte 100002, line 50002"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_place(tmp_path: Path, content: bytes, message: str):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_delimited(tmp_path / "t.csv")
