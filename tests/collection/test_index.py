"""The vector index: that it is used, and what it costs in recall."""

from __future__ import annotations

import numpy as np
import pytest

from commonspace.collection import Collection

N, DIM = 8_000, 32


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    rng = np.random.default_rng(5)
    X = rng.standard_normal((N, DIM)).astype(np.float32)
    collection = Collection.create(tmp_path_factory.mktemp("index") / "store", dim=DIM)
    rare = np.arange(N) % 500 == 0
    collection.add_vectors([str(i) for i in range(N)], X, modality="image", metadata={"rare": rare})
    collection.build_index()
    return collection, X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.slow
def test_recall_with_an_index(indexed):
    collection, X = indexed
    assert list(collection._table._table.list_indices())
    found = 0
    for q in np.random.default_rng(6).standard_normal((50, DIM)):
        hits = collection.search(vector=q, to="image", k=10)
        found += len({int(h.id) for h in hits} & set(np.argsort(-X @ q)[:10].tolist()))
        assert [h.score for h in hits] == pytest.approx([X[int(h.id)] @ q / np.linalg.norm(q) for h in hits], abs=1e-5)
    assert found / 500 >= 0.95


@pytest.mark.slow
def test_a_narrow_filter_with_an_index(indexed):
    collection, X = indexed
    q = np.ones(DIM)
    hits = collection.search(vector=q, k=16, where={"rare": True})
    assert [int(h.id) for h in hits] == [int(i) * 500 for i in np.argsort(-X[::500] @ q)]


@pytest.mark.slow
def test_rows_added_and_deleted_after_the_index(indexed):
    collection, X = indexed
    collection.add_vectors(["late"], -X[:1], modality="image")
    assert collection.search(vector=-X[0], k=1)[0].id == "late"
    collection.add_vectors(["late"], X[:1] + X[1:2], modality="image")  # replaced: the old vector must not be found
    assert all(h.score < 0.99 for h in collection.search(vector=-X[0], k=5))
    assert collection.delete(["late", "17"]) == 2
    assert "17" not in {h.id for h in collection.search(vector=X[17], k=5)}
    assert "late" not in {h.id for h in collection.search(vector=X[0] + X[1], k=5)}


def test_a_small_collection_stays_exact(raw):
    raw.add_vectors(["a", "b"], np.eye(2, 8), modality="image")
    raw.build_index()
    assert list(raw._table._table.list_indices()) == []
    assert [h.id for h in raw.search(vector=np.eye(2, 8)[1])] == ["b", "a"]


def test_an_empty_collection_can_be_indexed(raw):
    raw.build_index()
    assert raw.search(vector=np.ones(8)) == []
