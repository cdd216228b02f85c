"""The scan of every row beside a product of all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from commonspace.collection import Collection
from commonspace.collection.calibration import SAME
from commonspace.collection.table import VectorTable

N, DIM = 20_000, 8  # of several batches


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> tuple[VectorTable, Any]:
    import pyarrow as pa

    X = np.random.default_rng(0).standard_normal((N, DIM)).astype(np.float32)  # of all lengths
    table = VectorTable(tmp_path_factory.mktemp("exact"), "items", DIM)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), DIM)
    columns = {
        "id": [str(i) for i in range(N)],
        "modality": ["image" if i % 3 else "text" for i in range(N)],
        "part": [0] * N,
        "vector": vectors,
        "content": [None] * N,
    }
    table.add(pa.table({f.name: pa.array(columns[f.name], f.type) for f in table.schema}))
    return table, X


@pytest.mark.parametrize("where", [None, "modality = 'text'"])
@pytest.mark.parametrize("k", [1, 10, 300])
def test_distances_and_rows_are_those_of_the_whole_product(stored, k, where):
    table, X = stored
    Q = np.random.default_rng(1).standard_normal((7, DIM)).astype(np.float32)
    rows, distances = table.exact(Q, k, where)
    unit, asked = (of / np.linalg.norm(of, axis=1, keepdims=True) for of in (X.astype(float), Q.astype(float)))
    every = 1 - asked @ unit.T
    if where is not None:
        every[:, np.arange(N) % 3 != 0] = np.inf
    nearest = np.sort(every, axis=1)[:, :k]
    np.testing.assert_allclose(distances, nearest, atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(every, rows, 1), nearest, atol=1e-6)  # the same up to rounding
    assert all(len(set(row)) == k for row in rows.tolist())


def test_questions_are_rounded_as_a_search_rounds_them(tmp_path):
    X, Q = (np.random.default_rng(i).standard_normal((n, 384)).astype(np.float32) for i, n in enumerate((50, 20)))
    Q /= np.linalg.norm(Q, axis=1, keepdims=True)  # as a search does first
    store = Collection.create(tmp_path / "store", dim=384, storage="float16")
    store.add_vectors([str(i) for i in range(len(X))], X, modality="image")
    table = VectorTable(store.path, "items")
    _, distances = table.exact(Q, 10, None)
    found = [[1 - hit.score for hit in store.search(vector=q, k=10)] for q in Q]
    np.testing.assert_allclose(distances, found, rtol=0, atol=SAME[True])


def test_more_than_there_are_gives_all(stored):
    table, _ = stored
    rows, distances = table.exact(np.eye(2, DIM, dtype=np.float32), N + 5, None)
    assert rows.shape == (2, N)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert all(len(set(row)) == N for row in rows.tolist())
