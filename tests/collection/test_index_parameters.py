"""What may be said of an index, and what a collection too small for one does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from commonspace.collection import Collection, IndexReport, Setting
from commonspace.collection.effort import Effort
from commonspace.collection.index import IndexFile
from commonspace.collection.nearest import nearest_and_tied
from commonspace.errors import InputError, ParameterError

from .conftest import DIM


@pytest.mark.parametrize("recall", [0, 1, -1, 1.5, "high", None, float("nan")])
def test_a_recall_that_is_none(raw, recall):
    with pytest.raises(ParameterError, match="recall: expected a number above 0 and below 1"):
        raw.build_index(recall)


def test_codes_storage_and_times_that_do_not_exist(raw, tmp_path):
    with pytest.raises(ParameterError, match="codes: expected one of 'sq', 'pq', got 'opq'"):
        raw.build_index(codes="opq")
    with pytest.raises(ParameterError, match="storage: expected one of 'float32', 'float16', got 'int4'"):
        Collection.create(tmp_path / "other", dim=3, storage="int4")
    assert not (tmp_path / "other").exists()
    for keep in (timedelta(seconds=-1), 0, None):
        with pytest.raises(ParameterError, match=r"keep: expected a datetime\.timedelta of 0 or more, got"):
            raw.optimize(keep=keep)


def test_questions_that_are_none(raw):
    with pytest.raises(InputError, match=r"queries: the collection holds vectors of dimension 8, got shape \(8,\)"):
        raw.build_index(queries=np.ones(DIM))
    with pytest.raises(InputError, match=r"queries\[1\]: the vector is zero"):
        raw.build_index(queries=np.eye(3, DIM) * [[1], [0], [1]])
    with pytest.raises(InputError, match=r"queries: expected vectors that ask, a hundred or more, got none"):
        raw.build_index(queries=np.empty((0, DIM)))
    with pytest.raises(InputError, match=r"vectors: expected rows of 8 numbers"):
        raw.search_many(vectors=[["a"] * DIM])
    with pytest.raises(InputError, match="search_many: give either queries"):
        raw.search_many()
    assert raw.search_many(vectors=np.empty((0, DIM))) == []
    assert raw.search_many([]) == []


def test_a_small_collection_stays_exact(raw):
    raw.add_vectors(["a", "b"], np.eye(2, DIM), modality="image")
    report = raw.build_index()
    assert (report.kind, report.rows, report.recall, report.reached) == ("exact", 2, 1.0, True)
    assert "every search is exact" in str(report)
    assert raw.index is None
    assert [h.id for h in raw.search(vector=np.eye(2, DIM)[1])] == ["b", "a"]
    assert raw.optimize(keep=timedelta(0)).kind == "exact"
    assert [h.id for h in raw.search(vector=np.eye(2, DIM)[1])] == ["b", "a"]


def test_an_empty_collection_can_be_indexed(raw):
    assert raw.build_index().rows == 0
    assert raw.optimize().rows == 0
    assert raw.search(vector=np.ones(DIM)) == []
    assert raw.search_many(vectors=np.ones((2, DIM))) == [[], []]


def test_a_field_that_bears_a_name_of_lances(raw, monkeypatch, rng):
    monkeypatch.setattr("commonspace.collection.indexing.FEWEST_TO_INDEX", 100)
    X = rng.standard_normal((400, DIM))
    ids = [str(i) for i in range(400)]
    raw.add_vectors(ids, X, modality="image", metadata={"query_index": list(range(400))})
    for _ in range(2):
        found = raw.search_many(vectors=X[:5], k=3)
        assert found == [raw.search(vector=x, k=3) for x in X[:5]]
        assert [hits[0].metadata for hits in found] == [{"query_index": i} for i in range(5)]
        assert raw.build_index().reached


def test_an_index_of_which_much_was_deleted_is_searched_whole_until_it_is_measured_anew(raw, monkeypatch, rng):
    monkeypatch.setattr("commonspace.collection.indexing.FEWEST_TO_INDEX", 100)
    looked: list[Effort] = []

    def noting(*given: Any) -> Any:
        looked.append(given[4])
        return nearest_and_tied(*given)

    monkeypatch.setattr("commonspace.collection.table.nearest_and_tied", noting)
    ids = [str(i) for i in range(2_000)]
    raw.add_vectors(ids, rng.standard_normal((2_000, DIM)), modality="image")
    built, question = raw.build_index(recall=0.5), np.ones(DIM)
    raw.delete(ids[:200])
    raw.search(vector=question)
    assert raw.index == built
    raw.delete(ids[200:201])
    raw.add_vectors(ids[:200], rng.standard_normal((200, DIM)), modality="image")  # these are looked at one by one
    raw.search(vector=question)
    assert (raw.index.rows, raw.index.unindexed, raw.index.recall) == (1_799, 200, 0)
    raw.delete(ids[:200])
    report = raw.optimize()
    assert (report.rows, report.target, report.unindexed, raw.index) == (1_799, 0.5, 0, report)
    raw.search(vector=question)
    assert looked[0].probes is not None
    assert looked[1].probes is None
    assert looked[2].probes is not None


def test_half_precision_keeps_the_cosines_of_vectors_of_any_length(tmp_path, rng):
    collection = Collection.create(tmp_path / "store", dim=DIM, storage="float16")
    assert Collection.open(collection.path).storage == "float16"
    X = rng.standard_normal((50, DIM)) * np.logspace(-15, 15, 50)[:, None]  # far beyond what half precision holds
    collection.add_vectors([str(i) for i in range(50)], X, modality="image")
    units = X / np.linalg.norm(X, axis=1, keepdims=True)
    hits = collection.search(vector=units[7], k=50)
    assert [h.score for h in hits] == pytest.approx([units[int(h.id)] @ units[7] for h in hits], abs=2e-3)
    rows = collection.rows(fields=["id"], vectors=True)
    kept = np.stack(rows["vector"].to_numpy(zero_copy_only=False))
    assert kept.dtype == np.float32
    assert kept == pytest.approx(units[[int(i) for i in rows["id"].to_pylist()]], abs=1e-3)


@pytest.mark.parametrize(("storage", "warned"), [("float32", False), ("float16", True)])
def test_a_slow_index_is_announced(tmp_path, monkeypatch, caplog, rng, storage, warned):
    monkeypatch.setattr("commonspace.collection.indexing.FEWEST_TO_INDEX", 100)
    monkeypatch.setattr("commonspace.collection.indexing._SLOW_IN_HALF", 200)
    collection = Collection.create(tmp_path / "store", dim=DIM, storage=storage)
    collection.add_vectors([str(i) for i in range(200)], rng.standard_normal((200, DIM)), modality="image")
    assert collection.build_index().reached
    assert ("indexing 200 rows of float16" in caplog.text) == warned


SETTINGS = (Setting(None, 10, 4, 1, 0.995), Setting(None, 100, 8, 2, 0.992), Setting("image", 10, 16, 1, 0.99))


@pytest.mark.parametrize(
    ("segments", "rows", "to", "k", "filtered", "effort"),
    [
        ("a", 10_000, None, 1, False, Effort(4, 1)),
        ("a", 9_000, None, 10, False, Effort(4, 1)),
        ("a", 10_000, None, 11, False, Effort(8, 2)),
        ("a", 10_000, "image", 10, False, Effort(16, 1)),
        ("a", 10_000, None, 101, False, Effort(None, 2)),  # more than was measured
        ("a", 10_000, "image", 11, False, Effort(None, 1)),
        ("a", 10_000, "text", 10, False, Effort(None, 32)),  # never measured
        ("a", 10_000, None, 10, True, Effort(None, 2)),  # what passes may lie anywhere
        ("a", 8_999, None, 10, False, Effort(None, 2)),  # most of what was measured is gone
        ("b", 10_000, None, 10, False, Effort(None, 32)),  # of another index
    ],
)
def test_what_was_measured_decides_how_hard_is_looked(tmp_path, segments, rows, to, k, filtered, effort):
    file = IndexFile(tmp_path / "index.json")
    report = IndexReport("IVF_SQ", 10_000, 100, 1.5, 0.99, SETTINGS)
    file.write(["a"], report)
    for reader in (file, IndexFile(tmp_path / "index.json")):
        assert reader.read().report == report
        assert reader.read().effort((segments,), rows, to, k, filtered=filtered) == effort


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 2, "report": {}}', "\x00"])
def test_a_damaged_file_says_nothing(tmp_path, content):
    file = IndexFile(tmp_path / "index.json")
    file.write(["a"], IndexReport("IVF_SQ", 10_000, 100, 1.5, 0.99, SETTINGS))
    (tmp_path / "index.json").write_text(content)
    assert file.read().report is None
    assert file.read().effort(("a",), 10_000, None, 10, filtered=False) == Effort(None, 32)
