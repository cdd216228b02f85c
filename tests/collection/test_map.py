"""The map of a collection: its rows as points in a plane."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from commonspace import Collection
from commonspace.collection import lock
from commonspace.collection.lock import writing
from commonspace.errors import InputError, MissingPackageError, StorageError, UnknownNameError

from .conftest import DIM

METHODS = pytest.mark.parametrize("method", ["pca", pytest.param("umap", marks=pytest.mark.slow)])
"""UMAP compiles itself for half a minute."""


@pytest.fixture
def groups(raw, rng):
    """Two groups, far apart."""
    rows = rng.normal(size=(60, DIM)) + np.repeat([[9.0], [-9.0]], 30, axis=0) * np.eye(1, DIM)
    raw.add_vectors([f"{i:02d}" for i in range(60)], rows, modality="image", parts=[i % 2 for i in range(60)])
    return raw


def places(collection: Collection) -> np.ndarray[Any, Any]:
    made = collection.map()
    assert made is not None
    return np.column_stack([made["x"], made["y"]])


@METHODS
def test_a_map_has_each_row_in_the_square(groups, method):
    assert (groups.map(), groups.has_map, groups.map_version) == (None, False, 0)
    groups.build_map(method)
    made = groups.map()
    assert groups.has_map
    assert made.column_names == ["id", "modality", "part", "x", "y"]
    assert made.schema.metadata[b"method"] == method.encode()
    assert made.select(["id", "modality", "part"]) == groups.rows(fields=["id", "modality", "part"])
    first = places(groups)
    assert first.dtype == np.float32
    assert np.abs(first).max() == 1
    assert (first.max(0) + first.min(0)) == pytest.approx([0, 0], abs=1e-6)
    left, right = first[:30], first[30:]
    assert np.linalg.norm(left.mean(0) - right.mean(0)) > 2 * max(left.std(), right.std())  # the groups are apart
    before = groups.map_version
    groups.build_map(method)
    assert np.array_equal(places(groups), first)
    assert groups.map_version > before


def test_pca_is_that_of_the_unit_vectors(groups):
    groups.build_map("pca")
    rows = np.array(groups.rows(vectors=True)["vector"].to_pylist())
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    centred = unit - unit.mean(0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    expected = u[:, :2] * s[:2]
    expected -= (expected.max(0) + expected.min(0)) / 2
    expected /= np.abs(expected).max()
    found = places(groups)
    signs = np.sign((found * expected).sum(0))
    assert found == pytest.approx(expected * signs, abs=1e-5)


@METHODS
@pytest.mark.parametrize("n", [3, 5, 20])
def test_few_rows(raw, rng, method, n):
    raw.add_vectors([str(i) for i in range(n)], rng.normal(size=(n, DIM)), modality="image")
    raw.build_map(method)
    assert np.isfinite(places(raw)).all()
    assert np.abs(places(raw)).max() == 1


@pytest.mark.parametrize("dim", [1, 2])
def test_few_dimensions_and_rows_that_are_alike(tmp_path, dim):
    collection = Collection.create(tmp_path / "store", dim=dim)
    collection.add_vectors(["a", "b", "c"], np.ones((3, dim)), modality="image")
    collection.build_map("pca")
    assert np.array_equal(places(collection), np.zeros((3, 2)))


def test_what_cannot_be_drawn(raw, monkeypatch):
    with pytest.raises(UnknownNameError, match="unknown method of a map 'tsne'"):
        raw.build_map("tsne")
    raw.add_vectors(["a", "b"], np.eye(2, DIM), modality="image")
    with pytest.raises(InputError, match="expected 3 rows or more, got 2"):
        raw.build_map("pca")
    raw.add_vectors(["c"], np.ones((1, DIM)), modality="image")
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingPackageError, match=r"commonspace\[map\]"):
        raw.build_map()
    assert not raw.has_map


def test_a_writer_is_waited_for(groups, monkeypatch):
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.1)
    with writing(groups.path), pytest.raises(StorageError, match="another process is writing"):
        groups.build_map("pca")
    assert not groups.has_map


@pytest.mark.parametrize("fail", ["write", "replace"])
def test_a_map_is_written_whole_or_not_at_all(groups, monkeypatch, fail):
    groups.build_map("pca")
    before, names = places(groups), sorted(os.listdir(groups.path))  # noqa: PTH208
    groups.add_vectors(["new"], np.ones((1, DIM)), modality="image")

    def half(own: Callable[..., object]) -> Callable[..., object]:
        def write(table: pa.Table, path: Any) -> None:
            own(table, path)
            path.write_bytes(path.read_bytes()[:100])
            raise KeyboardInterrupt

        return write

    with monkeypatch.context() as patch:
        if fail == "write":
            patch.setattr(pq, "write_table", half(pq.write_table))
        else:
            patch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            groups.build_map("pca")
    assert np.array_equal(places(groups), before)
    assert sorted(os.listdir(groups.path)) == names  # noqa: PTH208


def test_a_new_collection_has_no_map_of_the_old(groups):
    groups.build_map("pca")
    for _ in range(2):
        new = Collection.create(groups.path, dim=3, overwrite=True)
        assert (new.map(), new.has_map, list(groups.path.glob("map*"))) == (None, False, [])
        new.add_vectors(["a", "b", "c"], np.eye(3), modality="image")
        new.build_map("pca")
        assert len(list(groups.path.glob("map*"))) == 1
        assert Collection.open(groups.path).has_map
    with pytest.raises(StorageError, match="open the collection again"):
        groups.build_map("pca")  # by a handle of the old


def test_what_a_kill_left_is_cleared_away(groups):
    remains = groups.path / ".map.parquet.0123abcd.tmp"
    remains.write_bytes(b"half")
    Collection.create(groups.path, dim=3, overwrite=True)
    assert not remains.exists()


@pytest.mark.parametrize("content", [b"", b"no map", b"PAR1" + bytes(99)])
def test_a_damaged_map_is_told(groups, content):
    groups.build_map("pca")
    next(groups.path.glob("map*")).write_bytes(content)
    with pytest.raises(StorageError, match=r"cannot be read .*build the map again"):
        groups.map()


@METHODS
def test_a_map_leaves_the_number_of_threads_as_it_was(groups, method):
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        groups.build_map(method)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)
