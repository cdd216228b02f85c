"""The folder: creating, reopening, refusing, damage."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import commonspace.collection.claim as module
from commonspace.collection import Collection
from commonspace.collection.manifest import Manifest
from commonspace.errors import InputError, ParameterError, StorageError

from .conftest import DIM, LetterEncoder


def fill(collection: Collection, n: int = 5) -> None:
    collection.add_vectors(
        [str(i) for i in range(n)], np.eye(n, DIM), modality="image", metadata={"year": list(range(n))}
    )


def test_reopening_gives_the_same(raw):
    fill(raw)
    again = Collection.open(str(raw.path))
    assert (len(again), again.dim, again.modalities) == (5, DIM, {"image": 5})
    q = np.arange(DIM) + 1.0
    assert again.search(vector=q, k=5) == raw.search(vector=q, k=5)


def test_a_store_can_be_moved(raw, tmp_path):
    fill(raw)
    raw.path.rename(tmp_path / "elsewhere")
    moved = Collection.open(tmp_path / "elsewhere")
    moved.delete(["0"])
    assert len(moved) == 4


def test_repr_is_short(raw):
    fill(raw)
    assert repr(raw) == f"Collection({str(raw.path)!r}, 5 rows, dim=8)"


def test_create_refuses_a_collection_unless_told(raw):
    fill(raw)
    with pytest.raises(
        StorageError, match=r"open it with Collection\.open, pick another folder, or pass overwrite=True"
    ):
        Collection.create(raw.path, dim=3)
    assert len(Collection.open(raw.path)) == 5
    (raw.path / "notes.txt").write_text("mine")
    fresh = Collection.create(raw.path, dim=3, overwrite=True)
    assert (len(fresh), fresh.dim, len(Collection.open(raw.path))) == (0, 3, 0)
    assert (raw.path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["thesis.txt", "space/space.json", "items.lance/data"])
def test_create_leaves_other_folders_alone(tmp_path, name, overwrite):
    file = tmp_path / "mine" / name
    file.parent.mkdir(parents=True)
    file.write_text("work of years")
    with pytest.raises(StorageError, match="holds other things and is left alone"):
        Collection.create(tmp_path / "mine", dim=3, overwrite=overwrite)
    assert [p for p in (tmp_path / "mine").rglob("*") if p.is_file()] == [file]
    with pytest.raises(StorageError, match="is a file"):
        Collection.create(file, dim=3, overwrite=overwrite)


@pytest.mark.parametrize("content", ['{"type": "Collection", "stac_version": "1.0.0"}', "[]", "{"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_collection_of_another_tool_is_left_alone(tmp_path, content, overwrite):
    (tmp_path / "space").mkdir()
    files = {"collection.json": content, "index.json": "{}", "space/scene.tif": "work of years"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(StorageError, match=r"holds a collection\.json of something else and is left alone"):
        Collection.create(tmp_path, dim=3, overwrite=overwrite)
    assert {name: (tmp_path / name).read_text() for name in files} == files


def test_a_damaged_one_is_replaced(raw):
    fill(raw)
    (raw.path / "collection.json").write_text("{")
    assert Collection.create(raw.path, dim=3, overwrite=True).dim == 3


def test_a_replaced_collection_is_refreshed(raw):
    fill(raw)
    assert raw.refreshed() is raw
    raw.add_vectors(["more"], np.ones((1, raw.dim)), modality="image")
    assert raw.refreshed() is raw
    Collection.create(raw.path, dim=3, overwrite=True).add_vectors(["a"], np.ones((1, 3)), modality="image")
    now = raw.refreshed()
    assert (now.dim, len(now)) == (3, 1)
    assert now.refreshed() is now
    (raw.path / "collection.json").unlink()
    with pytest.raises(StorageError, match="no collection"):
        now.refreshed()


def test_create_takes_an_empty_folder(tmp_path):
    Collection.create(tmp_path, dim=3)
    assert Collection.open(tmp_path).dim == 3


def test_interrupted_create_is_recognised_and_can_be_repeated(tmp_path, monkeypatch):
    def power_cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "write", power_cut)
        patch.setattr(module, "abandon", lambda folder, generation: None)
        with pytest.raises(KeyboardInterrupt):
            Collection.create(tmp_path / "store", dim=3)
    with pytest.raises(StorageError, match="half-written"):
        Collection.open(tmp_path / "store")
    Collection.create(tmp_path / "store", dim=3)
    assert len(Collection.open(tmp_path / "store")) == 0


def test_failed_create_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise StorageError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "write", full)
        with pytest.raises(StorageError, match="disk full"):
            Collection.create(tmp_path / "store", dim=3)
    assert [entry.name for entry in (tmp_path / "store").iterdir()] == [".lock"]
    Collection.create(tmp_path / "store", dim=3)


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_opening_what_is_no_collection(tmp_path, make):
    make(tmp_path / "other")
    with pytest.raises(StorageError, match=r"other"):
        Collection.open(tmp_path / "other")


GOOD: dict[str, object] = {"format": 2, "dim": DIM, "space": None, "encoders": {}, "generation": 0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is damaged"),
        ("", "is damaged"),
        ("\xff", "is damaged"),
        ("[]", "format None"),
        (json.dumps(GOOD | {"format": 1}), "format 1; this version reads format 2"),
        (json.dumps({"format": 2}), "is damaged"),
        (json.dumps(GOOD | {"dim": "8"}), "is damaged"),
        (json.dumps(GOOD | {"dim": 0}), "is damaged"),
        (json.dumps(GOOD | {"space": True}), "is damaged"),
        (json.dumps(GOOD | {"space": ""}), "is damaged"),
        (json.dumps(GOOD | {"generation": -1}), "is damaged"),
        (json.dumps(GOOD | {"generation": None}), "is damaged"),
        (json.dumps(GOOD | {"encoders": {"text": "letters"}}), "is damaged"),
        (json.dumps(GOOD | {"encoders": []}), "is damaged"),
        (json.dumps(GOOD | {"space": "f0"}), "lost its space"),
    ],
)
def test_damaged_json(raw, content, message):
    (raw.path / "collection.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(StorageError, match=message):
        Collection.open(raw.path)


def test_missing_table(raw):
    shutil.rmtree(raw.path / "items.lance")
    with pytest.raises(StorageError, match=r"items\.lance cannot be used"):
        Collection.open(raw.path)


def test_damaged_table(raw):
    fill(raw)
    for file in (raw.path / "items.lance" / "data").iterdir():
        file.write_bytes(b"nothing")
    with pytest.raises(StorageError, match=r"items\.lance cannot be used"):
        Collection.open(raw.path).search(vector=np.ones(DIM))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give a fitted space, or dim="),
        ({"dim": 0}, "got 0"),
        ({"dim": 2.5}, "got 2.5"),
        ({"dim": True}, "got True"),
        ({"dim": 65_537}, "from 1 to 65,536, got 65537"),
        ({"dim": 10**12}, "from 1 to 65,536, got 1000000000000"),
        ({"dim": 3, "encoders": {"text": LetterEncoder()}}, "encoders: they stand before a space"),
    ],
)
def test_wrong_creations_touch_nothing(tmp_path, arguments, message):
    with pytest.raises(ParameterError, match=message):
        Collection.create(tmp_path / "store", **arguments)
    assert not (tmp_path / "store").exists()


def test_adding_a_data_set_needs_a_space(raw):
    with pytest.raises(InputError, match="has no space"):
        raw.add(None)


def test_importing_is_light():
    code = "import sys, commonspace.collection; print({'torch', 'sklearn', 'lance'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
