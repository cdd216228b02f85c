from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from commonspace.catalogue import load_dataset
from commonspace.catalogue.mirflickr import CONCEPTS, load
from commonspace.data import Dataset
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError

TAGS, SEEN = "mirflickr/meta/tags", "mirflickr25k_annotations_v080"


def tags_of(i: int) -> list[str]:
    """Photos 1 to 40 have a tag of their own; 1 to 20 "common", 12 to 31 "usual", 22 to 40 (that is 19) "scarce"."""
    bounds = {"common": (1, 20), "usual": (12, 31), "scarce": (22, 40)}
    return [f"own{i}"] + [tag for tag, (first, last) in bounds.items() if first <= i <= last]


def concepts_of(i: int) -> list[str]:
    """Every photo but 5 and 6 is of the sky; every second one also of water."""
    return [c for c, shown in {"sky": i not in (5, 6), "water": i % 2 == 0 and i != 6}.items() if shown]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    buffer = BytesIO()
    Image.new("RGB", (2, 2), "blue").save(buffer, "JPEG")
    for folder in (TAGS, "mirflickr/doc", SEEN):
        (tmp_path / folder).mkdir(parents=True)
    for i in range(1, 41):
        (tmp_path / "mirflickr" / f"im{i}.jpg").write_bytes(buffer.getvalue())
        (tmp_path / TAGS / f"tags{i}.txt").write_text("".join(f"{tag}\r\n" for tag in tags_of(i)))
    for concept in CONCEPTS:
        numbers = [i for i in range(1, 41) if concept in concepts_of(i)]
        (tmp_path / SEEN / f"{concept}.txt").write_text("".join(f"{i}\n" for i in numbers))
    (tmp_path / SEEN / "sky_r1.txt").write_text("1\n")
    (tmp_path / SEEN / "README.txt").write_text("These are the annotations.\n")
    return tmp_path


def small(root: Path, **options: Any) -> Dataset:
    return load(root=root, encoders={}, **({"test": 6} | options))


KEPT = [i for i in range(1, 32) if i not in (5, 6)]


def test_photos_with_a_common_tag_and_a_concept_are_taken(root: Path):
    data = small(root)
    assert data.ids.tolist() == [f"im{i}" for i in KEPT]  # in the order of their numbers
    assert (data.name, data.protocol) == ("mirflickr", "29/6, seed 0")
    assert data.modalities == ("image", "text")


def test_the_text_is_all_tags_of_the_photo(root: Path):
    data = small(root)
    texts = [parts[0] for parts in data.content("text")]
    assert texts == [" ".join(tags_of(i)) for i in KEPT]
    assert texts[KEPT.index(25)] == "own25 usual scarce"
    path = Path(data.content("image")[KEPT.index(25)][0])
    assert path == root / "mirflickr" / "im25.jpg"
    with Image.open(path) as picture:
        assert picture.size == (2, 2)


def test_labels_are_the_24_concepts(root: Path):
    data = small(root)
    assert data.label_names == CONCEPTS
    assert len(CONCEPTS) == 24
    assert list(CONCEPTS) == sorted(CONCEPTS)
    assert data.labels is not None
    np.testing.assert_array_equal(data.labels, [[int(c in concepts_of(i)) for c in CONCEPTS] for i in KEPT])


def test_what_is_left_out_is_counted(root: Path):
    assert [str(problem) for problem in small(root).problems] == [
        "mirflickr: text: 9 of 40 photos have no tag that 20 photos have; left out.",
        "mirflickr: label: 2 of 40 photos have a common tag and no concept; left out.",
    ]


def test_a_photo_without_tags_is_left_out(root: Path):
    (root / TAGS / "tags30.txt").write_text("")
    (root / TAGS / "tags40.txt").write_text("usual\n")  # so that 20 photos still have it
    assert small(root).ids.tolist() == [f"im{i}" for i in [*KEPT[:-2], 31, 40]]


def test_a_tag_given_twice_counts_once(root: Path):
    (root / TAGS / "tags40.txt").write_text("scarce\nscarce\n")
    assert small(root).ids.tolist() == [f"im{i}" for i in KEPT]


def test_the_seed_draws_the_test_photos(root: Path):
    first, again, other = small(root), small(root), small(root, seed=1)
    assert {name: len(first.split(name)) for name in first.splits} == {"train": 23, "test": 6}
    assert set(first.split("train").ids).isdisjoint(first.split("test").ids)
    assert first.split("test").ids.tolist() == again.split("test").ids.tolist() != other.split("test").ids.tolist()
    with pytest.raises(InputError, match="seed: expected a whole number"):
        small(root, seed=-1)


@pytest.mark.parametrize("test", [0, -1, 29, 2000])
def test_too_few_photos_for_the_test_split(root: Path, test: int):
    with pytest.raises(ParameterError, match=f"test={test} of 29 photos with a common tag and a concept; expected"):
        small(root, test=test)


def test_two_thousand_are_held_out_unless_said_otherwise(root: Path):
    with pytest.raises(ParameterError, match="test=2000 of 29 photos"):
        load_dataset("mirflickr", root=root)
    assert len(load_dataset("mirflickr", root=root, test=3).split("test")) == 3


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        (f"{TAGS}/tags3.txt", f"a photo has no file in {TAGS}: 3"),
        ("mirflickr/im3.jpg", f"a photo has a file in {TAGS} and no picture in mirflickr: 3"),
        (f"{SEEN}/tree.txt", rf"lacks {SEEN}/tree\.txt\."),
    ],
)
def test_a_missing_file(root: Path, removed: str, message: str):
    (root / removed).unlink()
    with pytest.raises(StorageError, match=f"data set mirflickr: .*{message}"):
        small(root)


@pytest.mark.parametrize("number", ["41", "x", "0", "-1", "1.5"])
def test_an_annotation_of_no_photo(root: Path, number: str):
    (root / SEEN / "tree.txt").write_text(f"1\n2\n\n{number}\n")
    with pytest.raises(
        StorageError, match=rf"{SEEN}/tree\.txt line 4: expected the number of a photo in mirflickr, got '{number}'"
    ):
        small(root)


def test_tags_that_are_not_utf8(root: Path):
    (root / TAGS / "tags7.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(InputError, match=r"tags7\.txt: not UTF-8 at byte 3, line 1"):
        small(root)


def test_a_folder_of_something_else(tmp_path: Path):
    with pytest.raises(StorageError, match=rf"lacks mirflickr, {TAGS}, {SEEN}/animals\.txt, "):
        small(tmp_path)
    with pytest.raises(InputError, match=f"needs root .*, the folder with mirflickr, {SEEN}"):
        load(encoders={})


def test_there_is_one_protocol(root: Path):
    with pytest.raises(UnknownNameError, match="protocol of mirflickr 'x'"):
        small(root, protocol="x")


@pytest.mark.data
def test_the_real_one(data_root: Path):
    if not (data_root / "mirflickr").is_dir():
        pytest.skip(f"no mirflickr in {data_root}")
    data = load(root=data_root / "mirflickr", encoders={})
    assert len(data) == 20015
    assert len(data.split("test")) == 2000
