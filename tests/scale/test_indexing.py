from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import commonspace as cs
from commonspace import scale
from commonspace.errors import ParameterError, StorageError

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


def test_a_large_collection_is_indexed_in_segments_and_finds_what_is_near(two_nodes, tmp_path):
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((4000, 6))
    views = {m: latent @ rng.standard_normal((6, d)) for m, d in {"image": 20, "text": 15}.items()}
    views = {m: (x + 0.1 * rng.standard_normal(x.shape)).astype(np.float32) for m, x in views.items()}
    parts = scale.encode(cs.Dataset(views), tmp_path / "encoded", rows=100, address=two_nodes.address)
    space = scale.fit(cs.CCA(6), parts, address=two_nodes.address)
    store = scale.index(space, parts, tmp_path / "store", address=two_nodes.address)
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


def test_a_collection_that_is_there_is_left_alone_or_replaced(two_nodes, parts, space, tmp_path):
    address = two_nodes.address
    scale.index(space, parts, tmp_path / "store", split="test", address=address)
    with pytest.raises(StorageError, match="holds a collection already"):
        scale.index(space, parts, tmp_path / "store", address=address)
    replaced = scale.index(space, parts, tmp_path / "store", overwrite=True, address=address)
    assert replaced.modalities["image"] == 600
    with pytest.raises(ParameterError, match=r"store: .* got s3://bucket/store"):
        scale.index(space, parts, "s3://bucket/store", address=address)
