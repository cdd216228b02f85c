"""Records of files, and errors that name the place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from commonspace.errors import InputError, StorageError
from commonspace.reasoning.readers.json_files import Record, json_lines, read_json, record, records


def test_lines_are_read_with_their_numbers_and_empty_ones_are_passed_over(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n\n{"a": "é"}\n', "utf-8")
    assert [(line.where, line.fields) for line in json_lines(path)] == [
        (f"{path}, line 1", {"a": 1}),
        (f"{path}, line 3", {"a": "é"}),
    ]


@pytest.mark.parametrize("broken", ['{"a": 1', "[" * 100_000, '{"a": ' + "9" * 5000 + "}"])
def test_a_broken_line_is_named(tmp_path: Path, broken: str):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' + broken + "\n")
    with pytest.raises(InputError, match=re.escape(f"{path}, line 2: expected JSON, got what is not")):
        list(json_lines(path))


def test_a_line_that_is_no_object_is_named(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n[1, 2]\n')
    with pytest.raises(InputError, match=r"line 2: expected an object with fields, got list of 2\."):
        list(json_lines(path))


def test_a_file_that_is_not_there_or_not_json(tmp_path: Path):
    with pytest.raises(StorageError, match=r"none\.json: cannot be read"):
        read_json(tmp_path / "none.json")
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InputError, match=r"a\.json: expected JSON, got what is not \(.*line 1 column 2"):
        read_json(tmp_path / "a.json")


def test_objects_within_a_record_know_their_place():
    inner = Record("f.json", {"of": [{"list": [{}, {"x": "y"}]}]}).records("of")[0].records("list")[1]
    assert (inner.where, inner.text("x")) == ("f.json, of[0], list[1]", "y")


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("text", 5, "expected a text, got 5"),
        ("text", None, "expected a text, got None"),
        ("text", "\ud800", "expected a text"),
        ("whole", "5", "expected a whole number, got '5'"),
        ("whole", 5.0, r"expected a whole number, got 5\.0"),
        ("whole", True, "expected a whole number, got True"),
        ("whole", 10**400, "expected a whole number, got int"),
        ("positive", 0, "expected a number above 0, got 0"),
        ("positive", float("nan"), "expected a number above 0, got float"),
        ("positive", float("inf"), "expected a number above 0, got float"),
        ("items", {"a": 1}, "expected a list, got dict of 1"),
    ],
)
def test_a_value_of_another_kind_is_named_with_its_place_and_field(kind: str, value: Any, told: str):
    with pytest.raises(InputError, match=rf"f\.json, line 3.*field.*{told}"):
        getattr(Record("f.json, line 3", {"field": value}), kind)("field")


@pytest.mark.parametrize("kind", ["text", "whole", "positive", "items", "records"])
def test_a_field_that_is_missing_is_named_beside_those_there_are(kind: str):
    with pytest.raises(InputError, match=r"f\.json: field 'a': expected .*, and it is not there; there is b, c\."):
        getattr(Record("f.json", {"b": 1, "c": 2}), kind)("a")


def test_a_list_that_is_too_short():
    assert Record("f.json", {"a": [1, 2]}).items("a", least=2) == [1, 2]
    with pytest.raises(InputError, match="expected a list of at least 3, got list of 2"):
        Record("f.json", {"a": [1, 2]}).items("a", least=3)


def test_what_is_no_object_or_no_list_of_them():
    with pytest.raises(InputError, match=r"f\.json: expected an object with fields, got 3"):
        record(3, "f.json")
    with pytest.raises(InputError, match=r"f\.json, refs: expected a list of objects, got dict of 0"):
        records({}, "f.json, refs")
    with pytest.raises(InputError, match=r"f\.json, refs\[1\]: expected an object with fields, got 'a'"):
        records([{}, "a"], "f.json, refs")
