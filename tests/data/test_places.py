from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from commonspace.data.places import Place
from commonspace.errors import StorageError


def test_what_is_written_is_read_and_listed(tmp_path: Path):
    place = Place(tmp_path / "new" / "folder")
    assert place.names() == set()
    place.write("a.bin", b"abc")
    place.write("deeper/b.bin", memoryview(b"xyz"))
    (tmp_path / "new" / "folder" / ".a.bin.1234.tmp").touch()  # what a kill leaves behind
    assert place.names() == {"a.bin"}
    assert place.read("a.bin") == b"abc"
    assert place.inside("deeper").read("b.bin") == b"xyz"
    place.write("a.bin", b"new")
    assert place.read("a.bin") == b"new"
    with place.open("a.bin") as file:
        file.seek(1)
        assert file.read(1) == b"e"


def test_a_place_is_absolute_and_can_be_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    place = pickle.loads(pickle.dumps(Place("here")))
    monkeypatch.chdir(tmp_path.parent)
    assert place.path == str(tmp_path / "here")
    assert Place(f"file://{tmp_path}/here").path == place.path
    assert not place.remote
    far = Place("s3://bucket/folder/?region=eu-west-1")
    assert far.remote
    assert far.inside("x").path == "s3://bucket/folder/x?region=eu-west-1"


def test_what_cannot_be_reached_is_named(tmp_path: Path):
    with pytest.raises(StorageError, match=r"missing: cannot be read"):
        Place(tmp_path).read("missing")
    with pytest.raises(StorageError, match="no place that can be read or written"):
        Place("nonsense://x/y").names()
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot write"):
        Place(tmp_path / "file").write("x", b"")
    with pytest.raises(StorageError, match="file: cannot be read"):
        Place(tmp_path / "file").names()
