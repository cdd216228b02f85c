from __future__ import annotations

from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from commonspace.catalogue import load_dataset
from commonspace.catalogue.pascal_sentences import load
from commonspace.data import Dataset
from commonspace.errors import InputError, StorageError, UnknownNameError

CLASSES = ["aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
           "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"]  # fmt: skip


def write(root: Path, photos: str = "images", texts: str = "sentences", end: str = ".txt") -> Path:
    buffer = BytesIO()
    Image.new("RGB", (2, 2), "red").save(buffer, "JPEG")
    for label in CLASSES:
        for folder in (photos, texts):
            (root / folder / label).mkdir(parents=True)
        for i in range(50):
            (root / photos / label / f"2008_{i:06}.jpg").write_bytes(buffer.getvalue())
            lines = [f"{label} {i}, sentence {j}." for j in range(5)]
            (root / texts / label / f"2008_{i:06}{end}").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("pascal"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of this test, to be damaged."""
    return write(tmp_path)


def splits_of(data: Dataset) -> list[str]:
    return [str(split) for split in data.table["split"].to_pylist()]


def test_photos_sentences_and_classes(own: Path):
    (own / "images" / "cat" / "Thumbs.db").write_bytes(b"no picture")
    (own / "images" / ".cache").mkdir()
    data = load_dataset("pascal-sentences", root=own)
    assert (len(data), data.name, data.protocol) == (1000, "pascal-sentences", "800/100/100, seed 0")
    assert data.modalities == ("image", "text")
    assert data.problems == []
    assert data.labels is not None
    assert data.labels.tolist() == [label for label in CLASSES for _ in range(50)]
    row = data.ids.tolist().index("cat/2008_000007")
    assert data.content("image")[row] == [str(own / "images" / "cat" / "2008_000007.jpg")]
    assert data.content("text")[row] == [f"cat 7, sentence {j}." for j in range(5)]
    with Image.open(data.content("image")[row][0]) as picture:
        assert picture.size == (2, 2)


def test_every_class_is_split_alike(root: Path):
    data = load(root=root, encoders={})
    assert data.labels is not None
    assert set(Counter(zip(data.labels, splits_of(data), strict=True)).items()) == {
        ((label, split), size) for label in CLASSES for split, size in {"train": 40, "validation": 5, "test": 5}.items()
    }
    parts = [set(data.split(name).ids) for name in data.splits]
    assert sorted(map(len, parts)) == [100, 100, 800]
    assert len(set.union(*parts)) == 1000


def test_the_seed_draws_the_split(root: Path):
    first, again, other = (load(root=root, encoders={}, seed=seed) for seed in (0, 0, 1))
    assert splits_of(first) == splits_of(again) != splits_of(other)
    assert other.protocol == "800/100/100, seed 1"
    assert first.ids.tolist() == other.ids.tolist()
    of_class = [tuple(splits_of(first)[i * 50 : i * 50 + 50]) for i in range(20)]
    assert len(set(of_class)) == 20  # not the same photos of every class
    with pytest.raises(InputError, match="seed: expected a whole number of 0 or more, got -1"):
        load(root=root, encoders={}, seed=-1)


@pytest.mark.parametrize("end", [".txt", "txt"])
def test_the_folders_of_the_other_layout(tmp_path: Path, end: str):
    data = load(root=write(tmp_path, "dataset", "sentence", end), encoders={})
    assert len(data) == 1000
    assert data.ids[0] == "aeroplane/2008_000000"
    assert data.content("text")[0][4] == "aeroplane 0, sentence 4."
    assert data.content("image")[0] == [str(tmp_path / "dataset" / "aeroplane" / "2008_000000.jpg")]


def test_another_number_of_sentences_is_told(own: Path):
    (own / "sentences" / "dog" / "2008_000003.txt").write_text("One.\n\nTwo.\n")
    data = load(root=own, encoders={})
    assert [str(p) for p in data.problems] == [
        "dog/2008_000003: text: 2 sentences, expected 5; taken as they are."
    ]  # fmt: skip
    assert data.content("text")[data.ids.tolist().index("dog/2008_000003")] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ("sentences/cat/2008_000001.txt", "a photo has a file in images and none in sentences: cat/2008_000001"),
        ("images/cat/2008_000001.jpg", "a photo has a file in sentences and none in images: cat/2008_000001"),
    ],
)
def test_a_file_without_its_fellow(own: Path, removed: str, message: str):
    (own / removed).unlink()
    with pytest.raises(StorageError, match=f"data set pascal-sentences: {message}"):
        load(root=own, encoders={})


def test_a_class_of_another_size(own: Path):
    (own / "images" / "cow" / "2008_000049.jpg").unlink()
    (own / "sentences" / "cow" / "2008_000049.txt").unlink()
    with pytest.raises(StorageError, match="class cow has 49 photos, expected 50"):
        load(root=own, encoders={})


def test_another_number_of_classes(own: Path):
    (own / "images" / "zebra").mkdir()
    with pytest.raises(StorageError, match="images has 21 classes, expected 20"):
        load(root=own, encoders={})


def test_a_photo_without_a_sentence(own: Path):
    (own / "sentences" / "sofa" / "2008_000010.txt").write_text("\n \n")
    with pytest.raises(StorageError, match="a photo has no sentence in its file in sentences: sofa/2008_000010"):
        load(root=own, encoders={})


def test_a_text_that_is_not_utf8(own: Path):
    (own / "sentences" / "sofa" / "2008_000010.txt").write_bytes(b"Caf\xe9\n")
    with pytest.raises(InputError, match=r"2008_000010\.txt: not UTF-8 at byte 3, line 1"):
        load(root=own, encoders={})


def test_a_folder_that_is_missing(tmp_path: Path):
    (tmp_path / "images").mkdir()
    (tmp_path / "sentence").mkdir()
    with pytest.raises(StorageError, match="lacks the folders images and sentences, or dataset and sentence"):
        load(root=tmp_path, encoders={})
    with pytest.raises(InputError, match="needs root"):
        load(encoders={})


def test_there_is_one_protocol(root: Path):
    with pytest.raises(UnknownNameError, match="protocol of pascal-sentences '800/200'"):
        load(root=root, protocol="800/200", encoders={})


@pytest.mark.data
def test_the_real_one(data_root: Path):
    if not (data_root / "pascal-sentences").is_dir():
        pytest.skip(f"no pascal-sentences in {data_root}")
    data = load(root=data_root / "pascal-sentences", encoders={})
    assert {name: len(data.split(name)) for name in data.splits} == {"train": 800, "validation": 100, "test": 100}
    assert data.problems == []
