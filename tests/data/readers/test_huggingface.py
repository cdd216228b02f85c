from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonspace.data.readers import Reading, read_huggingface
from commonspace.errors import InputError, UnknownNameError

from .layouts import add_pictures, file_names

hf: Any = pytest.importorskip("datasets", reason="the datasets library is not installed")


def small(root: Path, n: int = 3) -> Any:
    add_pictures(root, *(f"{i}.jpg" for i in range(n)))
    features = hf.Features(
        {
            "image": hf.Image(),
            "captions": hf.Sequence(hf.Value("string")),
            "label": hf.ClassLabel(names=["cat", "dog"]),
            "sound": hf.Sequence(hf.Value("float32")),
            "year": hf.Value("int32"),
            "place": hf.Value("string"),
        }
    )
    entry = {
        "image": [str(root / f"{i}.jpg") for i in range(n)],
        "captions": [[f"one {i}", f"two {i}"] for i in range(n)],
        "label": [i % 3 - 1 for i in range(n)],
        "sound": [[float(i), 1.0] for i in range(n)],
        "year": [1950 + i for i in range(n)],
        "place": ["here"] * n,
    }
    return hf.Dataset.from_dict(entry, features=features)


def check(reading: Reading) -> None:
    assert file_names(reading) == ["0.jpg", "1.jpg", "2.jpg"]
    assert reading.items["text"] == [["one 0", "two 0"], ["one 1", "two 1"], ["one 2", "two 2"]]
    np.testing.assert_array_equal(reading.items["audio"], [[0, 1], [1, 1], [2, 1]])
    assert reading.labels == [None, "cat", "dog"]
    assert reading.time == [1950, 1951, 1952]
    assert reading.metadata == {"place": ["here"] * 3}


def test_a_dataset(tmp_path: Path):
    check(read_huggingface(small(tmp_path), columns={"audio": "sound"}))


def test_rows_are_those_that_were_selected(tmp_path: Path):
    reading = read_huggingface(small(tmp_path).select([2, 0]))
    assert file_names(reading) == ["2.jpg", "0.jpg"]


def test_the_keys_of_a_dict_are_the_splits(tmp_path: Path):
    whole = small(tmp_path)
    parts = hf.DatasetDict({"train": whole.select([0, 1]), "test": whole.select([2])})
    reading = read_huggingface(parts, columns={"audio": "sound"})
    check(reading)
    assert reading.split == ["train", "train", "test"]
    assert reading.columns["split"] == "key of the DatasetDict"
    assert read_huggingface(parts, split="test").split == ["test"]
    with pytest.raises(UnknownNameError, match="unknown split 'tset'; did you mean 'test'"):
        read_huggingface(parts, split="tset")


def test_pictures_kept_as_bytes_stay_bytes(tmp_path: Path):
    features = hf.Features({"image": hf.Image(), "text": hf.Value("string")})
    rows = {"image": [{"bytes": b"1", "path": "a.jpg"}, {"bytes": b"2", "path": None}], "text": ["a", "b"]}
    reading = read_huggingface(hf.Dataset.from_dict(rows, features=features))
    assert reading.items == {"image": [b"1", b"2"], "text": ["a", "b"]}
    assert reading.ids == ["0", "1"]


def test_sounds_kept_as_bytes_stay_bytes():
    rows = {"audio": [{"bytes": b"RIFF1", "path": "a.wav"}, {"bytes": b"fLaC", "path": None}], "text": ["a", "b"]}
    stored = hf.Dataset.from_dict(rows).cast_column("audio", hf.Audio(decode=False))  # from_dict would encode them anew
    reading = read_huggingface(stored)
    assert reading.items == {"audio": [b"RIFF1", b"fLaC"], "text": ["a", "b"]}


def test_several_labels_have_their_names():
    features = hf.Features({"text": hf.Value("string"), "labels": hf.Sequence(hf.ClassLabel(names=["x", "y", "z"]))})
    reading = read_huggingface(hf.Dataset.from_dict({"text": ["a", "b"], "labels": [[0, 2], [2]]}, features=features))
    assert reading.label_names == ("x", "z")
    np.testing.assert_array_equal(reading.labels, [[1, 1], [0, 1]])


def test_splits_of_other_columns_are_an_error():
    parts = hf.DatasetDict({"a": hf.Dataset.from_dict({"text": ["x"]}), "b": hf.Dataset.from_dict({"body": ["x"]})})
    with pytest.raises(InputError, match=r"other columns \(a: text; b: body\)"):
        read_huggingface(parts)


@pytest.mark.parametrize("other", [[1, 2], {"train": [1]}, "photos"])
def test_what_is_no_dataset_is_an_error(other: object):
    with pytest.raises(InputError, match=r"expected a datasets\.Dataset or DatasetDict, got"):
        read_huggingface(other)


def test_a_streaming_one_is_an_error_that_says_what_to_do():
    with pytest.raises(InputError, match=r"Dataset\.from_list"):
        read_huggingface(hf.Dataset.from_dict({"text": ["a"]}).to_iterable_dataset())
