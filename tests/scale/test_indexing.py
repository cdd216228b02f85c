from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import commonspace as cs
from commonspace import scale
from commonspace.collection.table import VectorTable
from commonspace.data.places import Place
from commonspace.errors import InputError, ParameterError, StorageError
from commonspace.scale.indexing import commit, write_group

pytest.importorskip("lance_ray", reason="needs the extra [ray]")
lance = pytest.importorskip("lance")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("joined")]
KEYS = [("id", "ascending"), ("modality", "ascending"), ("part", "ascending")]


@pytest.fixture(scope="module")
def data(shown: Any) -> cs.Dataset:
    return shown(600)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def parts(two_nodes: Any, data: cs.Dataset, tmp_path_factory: pytest.TempPathFactory) -> scale.Partitions:
    return scale.encode(data, tmp_path_factory.mktemp("encoded"), rows=16, address=two_nodes.address)


@pytest.fixture(scope="module")
def space(data: cs.Dataset) -> cs.CCA:
    return cs.CCA(6).fit(data.split("train").views)


def rows_of(collection: cs.Collection) -> pa.Table:
    return collection.rows(vectors=True).sort_by(KEYS)


def test_the_collection_is_that_of_one_machine(two_nodes, parts, data, space, tmp_path):
    many = scale.index(space, parts, tmp_path / "many", address=two_nodes.address)
    one = cs.Collection.create(tmp_path / "one", space, encoders=data.encoders)
    one.add(data)
    assert many.fields == one.fields
    assert many.modalities == one.modalities
    assert many.encoded == one.encoded == ("image",)
    mine, theirs = rows_of(many), rows_of(one)
    assert mine.drop(["vector"]).equals(theirs.drop(["vector"]))
    np.testing.assert_allclose(mine["vector"].to_pylist(), theirs["vector"].to_pylist(), atol=1e-6)
    picture = data.content("image", whole=True)[5][0]
    for query, to in (({"image": picture}, "text"), ({"text": data.view("text")[7, 0]}, "image")):
        found = [
            [(hit.id, hit.part, round(hit.score, 5)) for hit in collection.search(query, to=to, k=20)]
            for collection in (many, one)
        ]
        assert found[0] == found[1]
    old = {"number": {"lt": 100}}
    assert [h.id for h in many.search({"image": picture}, where=old)] == [
        h.id for h in one.search({"image": picture}, where=old)
    ]
    many.add(data.take(range(3)))  # as any collection: items that are there are replaced
    assert len(many) == len(one)


def test_what_is_written_is_not_written_again(two_nodes, parts, space, tmp_path):
    how: dict[str, Any] = {"work": tmp_path / "work", "split": "train", "address": two_nodes.address}
    first = scale.index(space, parts, tmp_path / "store", **how)
    files = {file.name for file in (tmp_path / "store" / "items.lance" / "data").iterdir()}
    version = first.version
    again = scale.index(space, parts, tmp_path / "store", **how)
    assert again.version == version
    assert {file.name for file in (tmp_path / "store" / "items.lance" / "data").iterdir()} == files
    # A driver that was killed before the commit: the table is empty, the fragments lie there.
    with again.lend() as table:
        lance.dataset(str(table.path)).delete("true")
    assert len(again) == 0
    later = scale.index(space, parts, tmp_path / "store", **how)
    assert len(later) == sum(1 for _ in later.rows()["id"]) > 450
    with pytest.raises(StorageError, match="another job"):
        scale.index(space, parts, tmp_path / "other", **how)


def test_a_relative_store_is_below_the_working_directory_of_the_caller(two_nodes, parts, space, tmp_path, monkeypatch):
    started = Path.cwd()  # of the workers too
    monkeypatch.chdir(tmp_path)
    try:
        store = scale.index(space, parts, "relative-store", split="test", address=two_nodes.address)
        assert not (started / "relative-store").exists()
    finally:
        shutil.rmtree(started / "relative-store", ignore_errors=True)
    assert store.path == tmp_path / "relative-store"
    assert len(store.rows(vectors=True)) == len(store) > 150


def test_fragments_whose_files_lie_elsewhere_are_not_committed(parts, space, tmp_path):
    tables = [VectorTable(tmp_path / name, "items", 6) for name in ("here", "there")]
    for table in tables:
        table.extend({"number": pa.int64(), "late": pa.string(), "label": pa.string(), "time": pa.float64()})

    def written(table: VectorTable) -> list[str]:
        kept = Place(tmp_path / "kept")
        return write_group(0, space, parts, None, kept, str(table.path), table.schema, table.fields)

    fragments = written(tables[1])
    with pytest.raises(StorageError, match=r"store: 1 files that the cluster wrote .* storage that all of them see"):
        commit(tables[0], fragments)
    assert len(tables[0]) == 0
    assert written(tables[1]) == fragments
    commit(tables[1], fragments)
    assert len(tables[1]) == len(tables[1].rows(["id"], True, None)) > 256
    again = written(tables[0])  # what is kept is of use only where its files are
    assert again != fragments
    commit(tables[0], again)
    assert len(tables[0]) == len(tables[1])


def test_what_fails_while_fragments_are_written_is_told_as_what_it_is(parts, space, tmp_path):
    table = VectorTable(tmp_path, "items", 6)
    known = {"number": pa.int64(), "late": pa.int64(), "label": pa.string(), "time": pa.float64()}
    table.extend(known)

    def written(group: int, path: Path) -> list[str]:
        return write_group(group, space, parts, None, None, str(path), table.schema, table.fields)

    with pytest.raises(InputError, match="late"):  # the first partitions of the group have no value in it
        written(1, table.path)
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"items\.lance cannot be used"):
        written(0, tmp_path / "file" / "items.lance")
    fragments = written(0, table.path)
    shutil.rmtree(table.path / "_versions")
    with pytest.raises(StorageError, match=r"items\.lance cannot be used"):
        commit(table, fragments)


def test_what_is_kept_is_of_one_collection(two_nodes, parts, space, tmp_path):
    store, how = tmp_path / "store", {"split": "train", "work": tmp_path / "work", "address": two_nodes.address}
    first = rows_of(scale.index(space, parts, store, **how))
    shutil.rmtree(store)
    assert rows_of(scale.index(space, parts, store, **how)).equals(first)
    test = scale.index(space, parts, store, split="test", overwrite=True, address=two_nodes.address)
    with pytest.raises(StorageError, match=r"holds a collection already, and not the one that .*work keeps"):
        scale.index(space, parts, store, **how)
    assert len(test) == len(cs.Collection.open(store)) < len(first)
    assert rows_of(scale.index(space, parts, store, overwrite=True, **how)).equals(first)


def test_a_store_that_is_refused_leaves_work_to_another(two_nodes, parts, space, tmp_path):
    how = {"split": "test", "work": tmp_path / "work", "address": two_nodes.address}
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis").touch()
    with pytest.raises(StorageError, match="taken"):
        scale.index(space, parts, tmp_path / "taken", **how)
    assert len(scale.index(space, parts, tmp_path / "store", **how)) > 150


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_kill_right_after_the_collection_was_made_is_survived(
    two_nodes, parts, space, tmp_path, monkeypatch, overwrite
):
    make = cs.Collection.create

    def killed(*arguments: Any, **others: Any) -> None:
        make(*arguments, **others)
        raise KeyboardInterrupt

    how: dict[str, Any] = {"split": "test", "work": tmp_path / "work", "address": two_nodes.address}
    with monkeypatch.context() as patch:
        patch.setattr(cs.Collection, "create", killed)
        with pytest.raises(KeyboardInterrupt):
            scale.index(space, parts, tmp_path / "store", overwrite=overwrite, **how)
    assert len(cs.Collection.open(tmp_path / "store")) == 0
    store = scale.index(space, parts, tmp_path / "store", overwrite=overwrite, **how)
    assert len(store.rows(vectors=True)) > 150
    again = scale.index(space, parts, tmp_path / "store", overwrite=overwrite, **how)
    assert again.version == store.version


def test_a_large_collection_is_indexed_in_segments_and_finds_what_is_near(two_nodes, tmp_path):
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((4000, 6))
    views = {m: latent @ rng.standard_normal((6, d)) for m, d in {"image": 20, "text": 15}.items()}
    views = {m: (x + 0.1 * rng.standard_normal(x.shape)).astype(np.float32) for m, x in views.items()}
    parts = scale.encode(cs.Dataset(views), tmp_path / "encoded", rows=100, address=two_nodes.address)
    space = scale.fit(cs.CCA(6), parts, address=two_nodes.address)
    how: dict[str, Any] = {"work": tmp_path / "work", "address": two_nodes.address}
    store = scale.index(space, parts, tmp_path / "store", **how)
    report = store.index
    assert report is not None
    assert (report.kind, report.rows, report.unindexed, len(store._table.segments)) == ("IVF_SQ", 8000, 0, 2)
    assert report.reached
    assert report.target == 0.99
    embedded = space.transform(views)
    shares = []
    for query in embedded["image"][:50]:
        nearest = {str(i) for i in np.argsort(-embedded["text"] @ query)[:10]}
        shares.append(len(nearest & {hit.id for hit in store.search(vector=query, to="text", k=10)}) / 10)
    assert np.mean(shares) > 0.95
    table = str(store._table.path)
    held = {index.name: index.segments for index in lance.dataset(table).describe_indices()}
    assert {number for part in held["modality_idx"] for number in part.fragment_ids} == {
        fragment.fragment_id for fragment in lance.dataset(table).get_fragments()
    }
    assert "ScalarIndexQuery" in lance.dataset(table).scanner(filter="modality = 'text'").explain_plan()
    version, segments = store.version, store._table.segments
    again = scale.index(space, parts, tmp_path / "store", **how)  # an index that is there is not built anew
    assert (again.version, again._table.segments, again.index) == (version, segments, report)
    with store.lend() as lent:
        lent.drop_index()
    shutil.rmtree(Path(table, "_indices"))
    Path(table, "_indices").touch()
    with pytest.raises(StorageError, match=r"items\.lance cannot be used"):
        scale.index(space, parts, tmp_path / "store", **how)


def test_a_collection_that_is_there_is_left_alone_or_replaced(two_nodes, parts, space, tmp_path):
    address = two_nodes.address
    scale.index(space, parts, tmp_path / "store", split="test", address=address)
    with pytest.raises(StorageError, match="holds a collection already"):
        scale.index(space, parts, tmp_path / "store", address=address)
    replaced = scale.index(space, parts, tmp_path / "store", overwrite=True, address=address)
    assert replaced.modalities["image"] == 600
    with pytest.raises(ParameterError, match=r"store: .* got s3://bucket/store"):
        scale.index(space, parts, "s3://bucket/store", address=address)


def test_a_collection_is_replaced_only_by_what_can_be_stored(two_nodes, parts, space, tmp_path):
    how: dict[str, Any] = {"overwrite": True, "address": two_nodes.address}
    before = rows_of(scale.index(space, parts, tmp_path / "store", split="test", **how))
    others = cs.CCA(2).fit({"sound": np.eye(9, 4), "scan": np.eye(9, 3)})
    with pytest.raises(InputError, match="no item of split nonsense to store"):
        scale.index(space, parts, tmp_path / "store", split="nonsense", **how)
    with pytest.raises(InputError, match="the space knows sound, scan, the data set has image, text"):
        scale.index(others, parts, tmp_path / "store", **how)
    assert rows_of(cs.Collection.open(tmp_path / "store")).equals(before)
    with pytest.raises(ParameterError, match="CCA is not fitted"):
        scale.index(cs.CCA(2), parts, tmp_path / "store", work=tmp_path / "work", **how)
    with pytest.raises(InputError, match="no item of split nonsense to store"):
        scale.index(space, parts, tmp_path / "new", split="nonsense", address=two_nodes.address)
    assert not (tmp_path / "new").exists()


def test_a_collection_is_replaced_only_by_what_can_be_stored_to_the_last_partition(two_nodes, parts, space, tmp_path):
    half = np.random.default_rng(0).integers(-3, 4, (20, 3)).astype(float)
    around_zero = {"image": np.vstack([half, -half]), "text": np.vstack([half[:, ::-1], -half[:, ::-1]])}
    at_zero = {m: np.vstack([x, np.zeros((1, 3))]) for m, x in around_zero.items()}
    address = two_nodes.address
    before = rows_of(scale.index(space, parts, tmp_path / "store", split="test", address=address))
    last = scale.encode(cs.Dataset(at_zero), tmp_path / "last", rows=10, address=address)
    with pytest.raises(InputError, match="no direction"):
        scale.index(cs.CCA(2).fit(around_zero), last, tmp_path / "store", overwrite=True, address=address)
    assert rows_of(cs.Collection.open(tmp_path / "store")).equals(before)
