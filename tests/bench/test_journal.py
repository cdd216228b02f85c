"""A journal outlives a kill in the middle of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

import commonspace as cs
from commonspace.bench.journal import Journal
from commonspace.errors import StorageError


def test_what_was_added_is_there_again(tmp_path: Path):
    path = tmp_path / "deep" / "cca.jsonl"
    journal = Journal(path)
    assert not path.exists()
    journal.add("tried", params={"ridge": 0.1}, value=0.25)
    journal.add("chosen", of=1)
    again = Journal(path)
    assert again.entries == journal.entries
    assert again.of("tried") == [{"kind": "tried", "params": {"ridge": 0.1}, "value": 0.25}]


def test_spaces_among_parameters_are_noted_by_how_they_are_written(tmp_path: Path):
    Journal(tmp_path / "ensemble.jsonl").add("tried", params={"spaces": [cs.CCA(3), cs.MCCA()]})
    (entry,) = Journal(tmp_path / "ensemble.jsonl").entries
    assert entry["params"] == {"spaces": ["CCA(n_components=3)", "MCCA()"]}


def test_a_line_cut_at_any_byte_is_dropped_and_written_anew(tmp_path: Path):
    path = tmp_path / "cca.jsonl"
    journal = Journal(path)
    journal.add("tried", value=1)
    first = path.stat().st_size
    journal.add("tried", value=2)
    whole = path.read_bytes()
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        found = Journal(path)
        assert [entry["value"] for entry in found.entries] == [1]
        found.add("tried", value=2)
        assert path.read_bytes() == whole


def test_a_damaged_line_before_the_last_is_an_error(tmp_path: Path):
    path = tmp_path / "cca.jsonl"
    path.write_text('{"kind": "tried"\n{"kind": "tried"}\n')
    with pytest.raises(StorageError, match="line 1"):
        Journal(path)


def test_a_place_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        Journal(tmp_path / "file" / "cca.jsonl").add("tried")
