"""The vector index: that it finds what an exact search finds, whatever is asked and changed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.collection import Collection, calibration
from commonspace.errors import UnknownNameError

from .clustered import Clustered

pytestmark = pytest.mark.slow

N, DIM, ASKED = 50_000, 64, 50
SHARES = {"tenth": 0.1, "hundredth": 0.01, "thousandth": 0.001}


@pytest.fixture(scope="module")
def source():
    return Clustered(100, DIM)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory, source):
    """A collection, its vectors, and what can be asked of each row."""
    X, cluster = source.draw(N)
    chance = np.random.default_rng(1).random(N)
    fields = {name: chance < share for name, share in SHARES.items()} | {"cluster": cluster}
    collection = Collection.create(tmp_path_factory.mktemp("index") / "store", dim=DIM)
    collection.add_vectors([str(i) for i in range(N)], X, modality="image", metadata=fields)
    report = collection.build_index(recall=0.99)
    return collection, X, fields, report


def recall(
    collection: Collection,
    X: NDArray[np.float32],
    questions: NDArray[np.float32],
    passes: NDArray[np.bool_] | None = None,
    k: int = 10,
    **asked: Any,
) -> float:
    """The share of the k nearest of X that are found."""
    rows = np.arange(len(X)) if passes is None else np.flatnonzero(passes)
    truth = rows[np.argsort(-(questions @ X[rows].T), axis=1, kind="stable")[:, :k]]
    found = [[int(h.id) for h in collection.search(vector=q, k=k, **asked)] for q in questions]
    return float(np.mean([len(set(f) & set(t)) / len(t) for f, t in zip(found, truth.tolist(), strict=True)]))


@pytest.mark.parametrize("k", [1, 10, 100])
def test_the_recall_that_was_asked_for_holds_for_new_questions(indexed, source, k):
    collection, X, _, report = indexed
    assert report.kind == "IVF_SQ"
    assert report.rows == N
    assert report.reached
    assert report.recall >= 0.99
    assert all(s.probes is not None and s.probes < report.partitions for s in report.settings)
    assert recall(collection, X, source.draw(ASKED)[0], k=k, to="image") >= 0.98


def test_scores_under_an_index_are_those_of_the_stored_vectors(indexed, source):
    collection, X, *_ = indexed
    for q in source.draw(10)[0]:
        hits = collection.search(vector=q, k=20)
        assert [h.score for h in hits] == pytest.approx([X[int(h.id)] @ q for h in hits], abs=1e-5)


@pytest.mark.parametrize("share", SHARES)
def test_a_filter_that_is_chance_keeps_the_recall(indexed, source, share):
    collection, X, fields, _ = indexed
    questions = source.draw(ASKED)[0]
    assert recall(collection, X, questions, fields[share], where={share: True}) >= 0.98


@pytest.mark.parametrize("clusters", [1, 10, 50])
def test_a_filter_far_from_the_question_keeps_the_recall(indexed, source, clusters):
    collection, X, fields, _ = indexed
    questions, of = source.draw(4 * ASKED)
    far = questions[of >= clusters][:ASKED]
    passes = fields["cluster"] < clusters
    assert recall(collection, X, far, passes, where={"cluster": {"lt": clusters}}) >= 0.98


def test_modalities_far_apart_find_one_another(tmp_path):
    source = Clustered(50, DIM, seed=2, gap=1.0)
    X = {"image": source.draw(20_000, 0)[0], "text": source.draw(5_000, 1)[0]}
    collection = Collection.create(tmp_path / "store", dim=DIM)
    for modality, rows in X.items():
        collection.add_vectors([str(i) for i in range(len(rows))], rows, modality=modality)
    report = collection.build_index()
    assert {s.to for s in report.settings} == {None, "image", "text"}
    assert report.reached
    for asking, to in (("text", "image"), ("image", "text")):
        questions = source.draw(ASKED, int(asking == "text"))[0]
        assert recall(collection, X[to], questions, to=to) >= 0.98


def test_questions_of_a_kind_that_is_not_stored_are_given(tmp_path):
    source = Clustered(50, DIM, seed=3, gap=1.0)
    X = source.draw(20_000, 0)[0]
    collection = Collection.create(tmp_path / "store", dim=DIM)
    collection.add_vectors([str(i) for i in range(len(X))], X, modality="image")
    report = collection.build_index(queries=source.draw(200, 1)[0])
    assert report.reached
    assert recall(collection, X, source.draw(ASKED, 1)[0], to="image") >= 0.98


def test_ten_thousand_added_and_deleted_without_a_rebuild(tmp_path, source):
    n, changed = 30_000, 10_000
    X = np.concatenate([source.draw(n)[0], source.draw(changed)[0]])
    collection = Collection.create(tmp_path / "store", dim=DIM)
    collection.add_vectors([str(i) for i in range(n)], X[:n], modality="image")
    built = collection.build_index()
    collection.add_vectors([str(i) for i in range(n, n + changed)], X[n:], modality="image")
    assert collection.delete([str(i) for i in range(changed)]) == changed
    index = collection.index
    assert index is not None
    assert (index.rows, index.unindexed, index.recall) == (n - changed, changed, 0)  # as it is, it was never measured
    kept = np.arange(len(X)) >= changed
    questions = source.draw(ASKED)[0]
    assert recall(collection, X, questions, kept) >= 0.98
    grown = collection.optimize(keep=timedelta(0))
    assert (grown.rows, grown.unindexed, grown.target) == (n, 0, built.target)
    assert grown.reached
    assert grown == collection.index
    assert recall(collection, X, questions, kept) >= 0.98
    assert recall(Collection.open(collection.path), X, questions, kept) >= 0.98
    assert len(list(collection.path.glob("items.lance/_versions/*.manifest"))) == 1
    assert collection.optimize().seconds < built.seconds


def test_a_modality_is_searched_alone_whatever_comes_beside_it(tmp_path, source):
    """As long as there is one modality, nothing needs to be looked up."""
    images, texts = source.draw(6_000)[0], source.draw(50)[0]
    collection = Collection.create(tmp_path / "store", dim=DIM)
    collection.add_vectors([f"i{i}" for i in range(len(images))], images, modality="image")
    collection.build_index()

    def found(to: str | None) -> set[str]:
        return {hit.modality for q in texts for hit in collection.search(vector=q, to=to, k=2)}

    assert found("image") == found(None) == {"image"}
    with pytest.raises(UnknownNameError, match="'text'"):
        found("text")
    other = Collection.open(collection.path)
    other.add_vectors([f"t{i}" for i in range(len(texts))], texts, modality="text")
    assert (found("image"), found("text"), found(None)) == ({"image"}, {"text"}, {"image", "text"})
    other.delete([f"t{i}" for i in range(len(texts))])
    assert found("image") == found(None) == {"image"}
    with pytest.raises(UnknownNameError, match="'text'"):
        found("text")


def test_what_comes_later_becomes_one_segment_and_then_one_with_the_first(tmp_path, source):
    collection = Collection.create(tmp_path / "store", dim=DIM)
    X = source.draw(9_000)[0]
    segments: list[int] = []
    recalls, n = [], 0
    for more in (6_000, 100, 100, 100, 2_000, 100):
        ids = [str(i) for i in range(n, n + more)]
        collection.add_vectors(ids, X[n : n + more], modality="image")
        n += more
        report = collection.optimize() if segments else collection.build_index()
        segments.append(len(collection._table.segments))
        recalls.append(report.recall)
        assert (report.rows, report.unindexed) == (n, 0)
        collection.add_vectors([f"t{n}"], -X[:1], modality="text")  # no index knows it yet
        assert [h.id for h in collection.search(vector=-X[0], to="text", k=1)] == [f"t{n}"]
        assert collection.delete([f"t{n}"]) == 1
        with pytest.raises(UnknownNameError, match="unknown modality 'text'"):
            collection.search(vector=-X[0], to="text")
    assert segments == [1, 2, 2, 2, 1, 2]
    assert min(recalls) >= 0.99
    assert recall(collection, X[:n], source.draw(ASKED)[0]) >= 0.98


def test_rows_replaced_and_deleted_one_by_one(tmp_path, source):
    X = source.draw(6_000)[0]
    collection = Collection.create(tmp_path / "store", dim=DIM)
    collection.add_vectors([str(i) for i in range(len(X))], X, modality="image")
    collection.build_index()
    collection.add_vectors(["late"], -X[:1], modality="image")
    assert collection.search(vector=-X[0], k=1)[0].id == "late"
    collection.add_vectors(["late"], X[:1] + X[1:2], modality="image")  # replaced: the old vector must not be found
    assert all(h.score < 0.99 for h in collection.search(vector=-X[0], k=5))
    assert collection.delete(["late", "17"]) == 2
    assert "17" not in {h.id for h in collection.search(vector=X[17], k=5)}
    assert "late" not in {h.id for h in collection.search(vector=X[0] + X[1], k=5)}


@pytest.mark.parametrize(
    ("storage", "codes", "kind", "part", "share"),
    [("float16", "sq", "IVF_SQ", "data", 0.6), ("float32", "pq", "IVF_PQ", "_indices", 0.4)],
)
def test_recall_of_smaller_storage(tmp_path, source, storage, codes, kind, part, share):
    X = source.draw(20_000)[0]
    sizes = {}
    for name, kept, held in (("plain", "float32", "sq"), ("small", storage, codes)):
        collection = Collection.create(tmp_path / name, dim=DIM, storage=kept)
        collection.add_vectors([str(i) for i in range(len(X))], X, modality="image")
        report = collection.build_index(codes=held)
        collection.optimize(keep=timedelta(0))  # without what the files were before they were merged
        sizes[name] = sum(f.stat().st_size for f in (collection.path / "items.lance" / part).rglob("*") if f.is_file())
    assert report.kind == kind
    assert report.reached
    assert recall(collection, X, source.draw(ASKED)[0]) >= 0.98
    assert sizes["small"] < share * sizes["plain"]


def test_an_index_that_was_not_measured_is_searched_whole(tmp_path, source):
    X = source.draw(20_000)[0]
    collection = Collection.create(tmp_path / "store", dim=DIM)
    collection.add_vectors([str(i) for i in range(len(X))], X, modality="image")
    low = collection.build_index(recall=0.5)
    questions = source.draw(ASKED)[0]
    (collection.path / "index.json").unlink()
    unknown = collection.index
    assert unknown is not None
    assert unknown.recall == 0
    assert "never measured" in str(unknown)
    assert recall(collection, X, questions) >= 0.99
    (collection.path / "index.json").write_text("{")
    assert recall(Collection.open(collection.path), X, questions) >= 0.99
    measured = collection.optimize()
    assert measured.target == 0.99
    assert measured.reached
    assert (measured.settings[0].probes or 0) > (low.settings[0].probes or 0)
    assert json.loads((collection.path / "index.json").read_text())["report"]["kind"] == "IVF_SQ"


def test_a_recall_that_is_not_reached_is_told(tmp_path, source, caplog, monkeypatch):
    monkeypatch.setattr(calibration, "_REFINE", (2,))  # too few for codes of a byte for 8 numbers
    X = source.draw(6_000)[0]
    collection = Collection.create(tmp_path / "store", dim=DIM)
    collection.add_vectors([str(i) for i in range(len(X))], X, modality="image")
    report = collection.build_index(recall=0.999, codes="pq")
    assert report.recall < 0.99
    assert not report.reached
    assert all(s.probes is None for s in report.settings)
    assert "BELOW the 0.999 that was asked for" in caplog.text
    assert collection.index == report


@pytest.mark.parametrize("storage", ["float32", "float16"])
@pytest.mark.parametrize("where", [None, {"tenth": True}])
def test_many_questions_at_once_find_what_each_finds(tmp_path, source, storage, where):
    X = source.draw(6_000)[0]
    X[100:140] = X[99]  # equal rows, which one search must not cut at random
    collection = Collection.create(tmp_path / "store", dim=DIM, storage=storage)
    ids, tenth = [str(i) for i in range(len(X))], np.arange(len(X)) % 10 == 0
    collection.add_vectors(ids, X, modality="image", metadata={"tenth": tenth})
    questions = np.concatenate([source.draw(300)[0], X[99:100]])
    for _ in range(2):
        together = collection.search_many(vectors=questions, to="image", k=7, where=where)
        assert [[(h.id, h.metadata) for h in hits] for hits in together] == [
            [(h.id, h.metadata) for h in collection.search(vector=q, to="image", k=7, where=where)] for q in questions
        ]
        collection.build_index()
