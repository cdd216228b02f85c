from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from commonspace.data.readers import Problem, read
from commonspace.errors import InputError, StorageError
from tests.data.tiny import LetterEncoder

from .layouts import add_pictures, write


class TestNothingReadable:
    def test_a_missing_path(self, tmp_path: Path):
        with pytest.raises(
            StorageError, match=r"gone: no such file or folder\. What can be read: a folder of pictures"
        ):
            read(tmp_path / "gone")
        with pytest.raises(StorageError, match=r"no such file|cannot be read"):
            read("a\0b")

    def test_an_empty_folder_and_one_of_other_files(self, tmp_path: Path):
        with pytest.raises(InputError, match=r"no picture, no sound and no table in it\. What can be read"):
            read(tmp_path)
        with pytest.raises(InputError, match=r"no picture, no sound and no table in it\. What can be read"):
            read(write(tmp_path, notes__txt="hello", model__bin="x"))

    def test_a_folder_of_empty_pictures(self, tmp_path: Path):
        (tmp_path / "a.jpg").touch()
        with pytest.raises(InputError, match=r"no item could be read\. a\.jpg: image: 'a\.jpg' is empty"):
            read(tmp_path)

    def test_a_file_of_another_kind(self, tmp_path: Path):
        write(tmp_path, paper__pdf="x", noending="x", x__gz="x")
        add_pictures(tmp_path, "a.jpg")
        for name in ("paper.pdf", "noending", "x.gz"):
            with pytest.raises(InputError, match=r"a file of another kind\. What can be read"):
                read(tmp_path / name)
        with pytest.raises(InputError, match="a single picture; give its folder"):
            read(str(tmp_path / "a.jpg"))


class TestToDataset:
    def test_items_are_encoded_when_asked_for(self, tmp_path: Path):
        add_pictures(tmp_path, "a.jpg", "b.jpg")
        write(
            tmp_path,
            t__csv="file,caption,label,year,split,group,by\n"
            "a.jpg,abc,x|y,1950,train,g,me\na.jpg,b,x|y,1950,train,g,me\nb.jpg,c,y,1951,,g,you\n",
        )
        text, image = LetterEncoder(), LetterEncoder(kind="image")
        reading = read(tmp_path, columns={"group": "group"})
        data = reading.to_dataset(encoders={"text": text, "image": image, "audio": text}, name="mine")
        assert repr(data) == "Dataset('mine', 2 items, image + text)"
        assert set(data.encoders) == {"text", "image"}
        assert data.views["text"].shape == (2, 2, 5)
        np.testing.assert_array_equal(data.labels, [[1, 1], [0, 1]])
        assert data.label_names == ("x", "y")
        assert data.splits == ("train",)
        assert data.metadata.to_pydict() == {"by": ["me", "you"]}
        assert data.time is not None
        assert data.time.tolist() == [1950, 1951]

    def test_encoders_that_do_not_fit_the_features_are_left_out(self, tmp_path: Path):
        np.savez(tmp_path / "f.npz", text=np.ones((2, 5)), image=np.ones((2, 7)))
        reading = read(tmp_path / "f.npz")
        data = reading.to_dataset(encoders={"text": LetterEncoder(), "image": LetterEncoder()}, name="f", protocol="p")
        assert (list(data.encoders), data.protocol) == (["text"], "p")


def test_a_problem_reads_as_one_line():
    assert str(Problem("captions.csv:12", "image", "no file 'x.jpg'.")) == "captions.csv:12: image: no file 'x.jpg'."


def test_a_folder_that_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(root: Path, *, onerror: object, **_: object) -> list[object]:
        assert callable(onerror)
        onerror(PermissionError(13, "Permission denied", str(root)))
        return []

    monkeypatch.setattr("commonspace.data.readers.files.os", SimpleNamespace(walk=refuse, path=os.path))
    with pytest.raises(StorageError, match="the folder cannot be read: Permission denied"):
        read(tmp_path)


@pytest.mark.data
def test_flickr8k_is_read_without_being_told_anything(data_root: Path):
    if not (data_root / "flickr8k").is_dir():
        pytest.skip(f"no flickr8k in {data_root}")
    reading = read(data_root / "flickr8k", strict=True)
    assert len(reading) == 8091
    assert reading.columns == {
        "image": "image", "text": "caption", "id": "image", "split": "dev.txt, test.txt, train.txt",
    }  # fmt: skip
    assert {len(captions) for captions in reading.items["text"]} == {5}
    assert reading.split is not None
    assert [reading.split.count(s) for s in ("train", "validation", "test", None)] == [6000, 1000, 1000, 91]
