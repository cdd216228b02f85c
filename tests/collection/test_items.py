"""add(dataset): items are replaced whole, and what is recorded about them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import commonspace as cs
from commonspace.collection import Collection, check_dataset
from commonspace.collection import dataset_rows as module
from commonspace.collection.metadata import label_values
from commonspace.collection.table import VectorTable
from commonspace.errors import InputError, StorageError

from .conftest import LetterEncoder

N = 12
IDS = [f"it's {i}" for i in range(N)]


def views(parts: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "image": rng.standard_normal((N, 10)).astype(np.float32),
        "text": rng.standard_normal((N, parts, 6)).astype(np.float32),
    }


@pytest.fixture(scope="module")
def space():
    return cs.CCA(n_components=3).fit(views())


@pytest.fixture
def store(tmp_path, space):
    collection = Collection.create(tmp_path / "store", space, encoders={"text": LetterEncoder()})
    collection.add(cs.Dataset(views(), ids=IDS))
    return collection


def keys(collection: Collection) -> list[tuple[str, str, int]]:
    hits = collection.search(vector=np.ones(3), k=10_000)
    return sorted((h.id, h.modality, h.part) for h in hits)


def expected(ids: list[str], **parts: int) -> list[tuple[str, str, int]]:
    return sorted((name, modality, part) for name in ids for modality, n in parts.items() for part in range(n))


@pytest.mark.parametrize("batch_rows", [5, 16_384])
def test_what_an_item_no_longer_has_is_gone(store, monkeypatch, batch_rows):
    monkeypatch.setattr(module, "BATCH_ROWS", batch_rows)
    assert keys(store) == expected(IDS, image=1, text=3)
    store.add(cs.Dataset({"image": views()["image"], "text": views(1)["text"]}, ids=IDS))
    assert keys(store) == expected(IDS, image=1, text=1)
    store.add(cs.Dataset({"text": views(2)["text"][:5]}, ids=IDS[:5]))  # no picture any more
    assert keys(store) == sorted(expected(IDS[:5], text=2) + expected(IDS[5:], image=1, text=1))
    image = views()["image"]
    image[:] = np.nan
    store.add(cs.Dataset({"image": image[:2]}, ids=IDS[:2]))  # nothing any more
    assert keys(store) == sorted(expected(IDS[2:5], text=2) + expected(IDS[5:], image=1, text=1))


def test_new_items_and_other_modalities_stay_apart(store):
    store.add_vectors(IDS[:1], np.ones((1, 3)), modality="smell")  # not of the space: no business of `add`
    store.add(cs.Dataset({"image": views()["image"][:2]}, ids=[IDS[0], "new"]))
    assert keys(store) == sorted(
        [(IDS[0], "smell", 0), *expected([IDS[0], "new"], image=1), *expected(IDS[1:], image=1, text=3)]
    )


def test_the_vectors_are_the_new_ones(store, space):
    store.add(cs.Dataset({"image": -views()["image"]}, ids=IDS))
    q = space.transform({"image": -views()["image"]})["image"][4]
    [hit] = store.search(vector=q, to="image", k=1)
    assert (hit.id, hit.score) == (IDS[4], pytest.approx(1, abs=1e-5))


def test_items_are_replaced_by_one_commit(store, monkeypatch):
    commits = []
    version = store.version
    store.add(cs.Dataset({"text": views(1)["text"]}, ids=IDS))
    commits.append(store.version - version)
    assert commits == [1]


def test_a_first_addition_does_not_look_for_old_keys(tmp_path, space, monkeypatch):
    collection = Collection.create(tmp_path / "new", space)
    monkeypatch.setattr(VectorTable, "put_items", lambda *_: pytest.fail("looked up"))
    monkeypatch.setattr(module, "BATCH_ROWS", 10)
    collection.add(cs.Dataset(views(), ids=IDS))
    assert keys(collection) == expected(IDS, image=1, text=3)


def test_items_are_replaced_under_an_index(store, monkeypatch):
    monkeypatch.setattr("commonspace.collection.indexing.FEWEST_TO_INDEX", 10)
    store.build_index()
    assert store.index is not None
    store.add(cs.Dataset({"text": views(1)["text"]}, ids=IDS))
    assert keys(store) == expected(IDS, text=1)


def test_views_the_space_does_not_know_are_not_computed(tmp_path, space):
    collection = Collection.create(tmp_path / "new", space)
    collection.add(cs.Dataset({"image": views()["image"], "audio": [b"noise"] * N}, ids=IDS))  # no encoder for audio
    assert collection.modalities == {"image": N}


def test_another_encoder_is_refused_before_anything_is_encoded(store, monkeypatch):
    other = LetterEncoder("letters-2", fingerprint="f2")
    monkeypatch.setattr(other, "encode", lambda items: pytest.fail("encoded"))
    with pytest.raises(StorageError, match=r"'text' were made by another encoder \(letters, .*letters-2.*Encode with"):
        store.add(cs.Dataset({"text": ["abc"]}, ids=["x"], encoders={"text": other}))
    assert keys(store) == expected(IDS, image=1, text=3)
    store.add(cs.Dataset({"text": ["abc"]}, ids=["x"], encoders={"text": LetterEncoder(), "audio": other}))
    assert ("x", "text", 0) in keys(store)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"image": np.ones((2, 10))}, r"expected a commonspace\.Dataset, got dict.*add_vectors"),
        (None, "expected a commonspace.Dataset, got NoneType"),
        (cs.Dataset({"image": np.ones((2, 4))}), "image: expected 10 columns, as in fit, got 4"),
        (cs.Dataset({"audio": np.ones((2, 4))}), "the space knows image, text, the data set has audio"),
    ],
)
def test_data_that_does_not_fit_is_refused_whole(store, space, data, message):
    for use in (store.add, lambda data: check_dataset(data, space)):
        with pytest.raises(InputError, match=message):
            use(data)
    assert keys(store) == expected(IDS, image=1, text=3)


def test_an_item_late_in_the_data_that_cannot_be_stored_is_found_before(monkeypatch):
    monkeypatch.setattr("commonspace.collection.dataset_rows.BATCH_ROWS", 4)
    rng = np.random.default_rng(0)
    half = {"image": rng.integers(1, 9, (10, 4)), "text": rng.integers(1, 9, (10, 3))}
    data = {m: np.concatenate([x, -x]).astype(np.float32) for m, x in half.items()}
    space = cs.CCA(2, ridge=0.1).fit(data)
    check_dataset(cs.Dataset(data), space)
    data["image"][-1] = 0  # the mean of what the space was fitted on, which has no direction
    with pytest.raises(InputError, match=r"modality 'image', row 19, part 0 .*the vector is zero and has no direction"):
        check_dataset(cs.Dataset(data), space)


def test_half_a_character_is_no_question(store):
    with pytest.raises(InputError, match="no valid text"):
        store.search({"text": "\ud800"})


@pytest.mark.parametrize(
    ("labels", "stored"),
    [
        ([0, 1, None], [0, 1, None]),
        (np.array([3, 1, 2], np.uint8), [3, 1, 2]),
        (np.array([1, None, 2], object), [1, None, 2]),
        (np.array([1.0, np.nan, 2.0]), [1, None, 2]),
        (np.array([0.5, np.nan, 2.0]), ["0.5", None, "2.0"]),
        (np.array(["a", None, float("nan")], object), ["a", None, None]),
        (np.array([1, "a", None], object), ["1", "a", None]),
        (np.array([True, False, None], object), ["True", "False", None]),
        (np.array([None, None, None], object), [None, None, None]),
    ],
)
def test_whole_numbers_stay_numbers_as_labels(labels, stored):
    values = label_values(np.asarray(labels), None)
    assert values == stored
    assert [type(v) for v in values] == [type(v) for v in stored]


def test_labels_of_integers_can_be_searched_by(tmp_path, space):
    collection = Collection.create(tmp_path / "new", space)
    labels: list[Any] = [None if i == 5 else i % 3 for i in range(N)]
    collection.add(cs.Dataset({"image": views()["image"]}, ids=IDS, labels=labels))
    hits = collection.search(vector=np.ones(3), k=N, where={"label": 1})
    assert {h.id for h in hits} == {IDS[i] for i in range(N) if i % 3 == 1}
    assert {h.metadata["label"] for h in hits} == {1}
    assert [h.id for h in collection.search(vector=np.ones(3), where={"label": None})] == [IDS[5]]
    assert collection._table.fields["label"] == pa.int64()


class PathEncoder(LetterEncoder):
    dim = 10

    def __init__(self, kind: str) -> None:
        super().__init__("paths", "p")
        self.kind = kind

    def encode(self, items):
        return np.random.default_rng(0).standard_normal((len(items), 10)).astype(np.float32)


@pytest.mark.parametrize(("modality", "kind"), [("image", "image"), ("photo", "image")])
def test_paths_of_pictures_point_there_from_everywhere(tmp_path, monkeypatch, modality, kind):
    (tmp_path / "photos").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "photos" / name).write_bytes(name.encode())
    monkeypatch.chdir(tmp_path)
    fitted = cs.CCA(n_components=3).fit({modality: views()["image"], "text": views()["text"][:, 0]})
    collection = Collection.create("store", fitted)
    data = cs.Dataset(
        {modality: ["photos/a.png", str(tmp_path / "photos" / "b.png")], "text": ["photos/a.png", "words"]},
        encoders={modality: PathEncoder(kind), "text": LetterEncoder()},
    )
    collection.add(data)
    there = [os.fspath(tmp_path / "photos" / name) for name in ("a.png", "b.png")]
    hits = collection.search(vector=np.ones(3), k=9)
    assert sorted(h.content or "" for h in hits if h.modality == modality) == there
    assert sorted(h.content or "" for h in hits if h.modality == "text") == ["photos/a.png", "words"]
    assert all(Path(p).is_absolute() for p in there)
