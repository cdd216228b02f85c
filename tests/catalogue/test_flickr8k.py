from __future__ import annotations

from pathlib import Path

import pytest

from commonspace.catalogue.flickr8k import load
from commonspace.errors import InputError, StorageError, UnknownNameError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for name in "abcd":
        (tmp_path / "images" / f"{name}.jpg").write_bytes(b"pixels")
    (tmp_path / "captions.csv").write_text('image,caption\na.jpg,"one, two"\na.jpg,three\nb.jpg,x\nc.jpg,y\nd.jpg,z\n')
    for name, lines in {"train": "a.jpg\n", "dev": "b.jpg\n", "test": "c.jpg\n"}.items():
        (tmp_path / f"{name}.txt").write_text(lines)
    return tmp_path


def test_photos_captions_and_splits(root: Path):
    data = load(root=root, encoders={})
    assert data.ids.tolist() == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert data.content("text")[0] == ["one, two", "three"]
    assert data.content("image")[0] == [str(root / "images" / "a.jpg")]
    assert data.splits == ("test", "train", "validation")
    assert data.split("validation").ids.tolist() == ["b.jpg"]
    assert data.table["split"].to_pylist() == ["train", "validation", "test", None]
    assert (data.name, data.protocol) == ("flickr8k", "captions")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("images/e.jpg", "x", r"a photo has no caption in captions\.csv: e\.jpg"),
        ("captions.csv", "image,caption\na.jpg,\nb.jpg,x\n", r"no caption in captions\.csv: a\.jpg"),
        ("captions.csv", "image,text\na.jpg,x\n", r"has no column caption; it has image, text"),
        ("captions.csv", "image,caption\na.jpg\n", r"captions\.csv:2: row: 1 fields"),
        ("captions.csv", "image,caption\n,x\n", r"captions\.csv:2 names no photo"),
        ("train.txt", "a.jpg\ng.jpg\n", r"a photo has a line in train\.txt and no file in images: g\.jpg"),
        ("test.txt", "c.jpg\na.jpg\n", r"a line in test\.txt and one in another list: a\.jpg"),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_it(root: Path, name: str, content: str, message: str):
    (root / name).write_text(content)
    with pytest.raises(StorageError, match=f"data set flickr8k: .*{message}"):
        load(root=root, encoders={})


def test_a_photo_that_is_not_there_is_an_error(root: Path):
    (root / "images" / "a.jpg").unlink()
    (root / "images" / "b.jpg").unlink()
    with pytest.raises(
        StorageError, match=r"2 photos have a caption in captions\.csv and no file in images: a\.jpg, b"
    ):
        load(root=root, encoders={})


def test_missing_files_are_named(root: Path):
    (root / "dev.txt").unlink()
    with pytest.raises(StorageError, match=r"lacks dev\.txt"):
        load(root=root, encoders={})
    with pytest.raises(InputError, match=r"needs root .*, the folder with images, captions\.csv, train\.txt"):
        load(encoders={})


def test_there_is_one_protocol(root: Path):
    with pytest.raises(UnknownNameError, match="protocol of flickr8k 'x'"):
        load(root=root, protocol="x", encoders={})


@pytest.mark.data
def test_the_real_one(data_root: Path):
    if not (data_root / "flickr8k").is_dir():
        pytest.skip(f"no flickr8k in {data_root}")
    data = load(root=data_root / "flickr8k", encoders={})
    assert len(data) == 8091
    assert {split: len(data.split(split)) for split in data.splits} == {"train": 6000, "validation": 1000, "test": 1000}
    assert data.table["split"].null_count == 91
    assert {len(captions) for captions in data.content("text")} == {5}
