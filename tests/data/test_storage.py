from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonspace.data import Dataset, load_saved_dataset, save_dataset
from commonspace.data.storage import is_saved_dataset, read_description
from commonspace.errors import InputError, StorageError

from .tiny import LetterEncoder

TIMES = [
    [1950, 1951, None, 1953],
    np.array([0.5, np.nan, 2, 3]),
    *(np.array(["1950-02-01", "NaT", "1952-01-01", "2020-01-01"], f"datetime64[{unit}]") for unit in ("D", "s", "ns")),
]
LABELS = [None, ["x", None, "y", "x"], [3, 1, 2, 3]]


def build(**columns: Any) -> Dataset:
    rng = np.random.default_rng(0)
    patches = rng.standard_normal((4, 3, 2))
    patches[1], patches[2, 1:] = np.nan, np.nan
    return Dataset(
        {
            "a/b": rng.standard_normal((4, 5)),
            "ümlaut": patches,
            "text": [["ab", "c"], [], None, ["d"]],
            "..": ["a", None, "b", "c"],
        },
        encoders={"text": LetterEncoder(), "..": LetterEncoder()},
        **columns,
    )


def assert_equal(found: Dataset, expected: Dataset) -> None:
    assert (found.name, found.protocol, found.modalities) == (expected.name, expected.protocol, expected.modalities)
    assert found.label_names == expected.label_names
    assert found.splits == expected.splits
    for name in ("ids", "labels", "time"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert (ours is None) == (theirs is None)
        if theirs is not None:
            assert ours.dtype.kind == theirs.dtype.kind
            np.testing.assert_array_equal(ours, theirs)
    assert found.metadata.to_pydict() == expected.metadata.to_pydict()
    assert found.table.column_names == expected.table.column_names
    for modality in expected.modalities:
        np.testing.assert_array_equal(found.views[modality], expected.views[modality])
        np.testing.assert_array_equal(found.presence[modality], expected.presence[modality])
        assert found.content(modality) == expected.content(modality)


@pytest.mark.parametrize("time", TIMES, ids=lambda time: str(getattr(time, "dtype", "int with None")))
@pytest.mark.parametrize("labels", LABELS, ids=["unlabelled", "strings", "numbers"])
def test_what_was_saved_comes_back(tmp_path: Path, time: Any, labels: Any):
    data = build(
        ids=["w", "x", "y", "z"],
        labels=labels,
        time=time,
        split=["train", "test", "train", "test"],
        groups=["g", "g", None, "h"],
        metadata={"größe": [1, None, 3, 4], "who": ["a", "b", None, "ü"], "score": [0.5, 1, 2, 3]},
        name="odd names",
        protocol="rule 1",
    )
    save_dataset(data, tmp_path / "deep" / "saved")
    assert_equal(load_saved_dataset(tmp_path / "deep" / "saved"), data)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["saved"]


def test_several_labels_per_item_come_back(tmp_path: Path):
    several = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]])
    data = build(labels=several, label_names=["x", "y", "x y"])
    save_dataset(data, tmp_path / "saved")
    assert_equal(load_saved_dataset(tmp_path / "saved"), data)


def test_an_empty_part_comes_back(tmp_path: Path):
    data = Dataset({"image": np.zeros((3, 4))}, labels=["a", "b", "c"]).take([])
    save_dataset(data, tmp_path / "saved")
    assert_equal(load_saved_dataset(tmp_path / "saved"), data)


def test_parts_of_what_was_loaded_are_parts_of_what_was_saved(tmp_path: Path):
    data = build(split=["train", "test", "train", "test"])
    save_dataset(data, tmp_path / "saved")
    assert_equal(load_saved_dataset(tmp_path / "saved").split("test"), data.split("test"))


def test_views_are_mapped_and_not_read(tmp_path: Path):
    save_dataset(build(), tmp_path / "saved")
    for view in load_saved_dataset(tmp_path / "saved").views.values():
        base: Any = view
        while isinstance(base, np.ndarray):
            base = base.base
        assert isinstance(base, mmap.mmap)
        assert not view.flags.writeable


def test_loading_encodes_nothing(tmp_path: Path):
    save_dataset(build(), tmp_path / "saved")
    encoder = LetterEncoder()
    data = load_saved_dataset(tmp_path / "saved", encoders={"text": encoder})
    _ = data.views
    assert encoder.calls == 0
    assert data.encoders == {"text": encoder}


def test_encoders_are_recorded_by_name_and_fingerprint(tmp_path: Path):
    save_dataset(build(), tmp_path / "saved")
    recorded = json.loads((tmp_path / "saved" / "dataset.json").read_text(encoding="utf-8"))["encoders"]
    assert recorded["text"] == {"name": "letters", "fingerprint": "f1"}


def test_a_saved_data_set_is_replaced_also_by_itself(tmp_path: Path):
    save_dataset(Dataset({"old": np.zeros((2, 2))}), tmp_path / "saved")
    save_dataset(build(), tmp_path / "saved")
    save_dataset(load_saved_dataset(tmp_path / "saved"), tmp_path / "saved")
    assert_equal(load_saved_dataset(tmp_path / "saved"), build())
    assert len(list((tmp_path / "saved" / "views").iterdir())) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


def test_an_empty_folder_is_taken(tmp_path: Path):
    save_dataset(build(), tmp_path)
    assert is_saved_dataset(tmp_path)


@pytest.mark.parametrize("as_folder", [True, False], ids=["folder", "file"])
def test_what_something_else_wrote_is_left_alone(tmp_path: Path, as_folder: bool):
    path = tmp_path / "mine"
    kept = path / "thesis.txt" if as_folder else path
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("years of work")
    with pytest.raises(StorageError, match=r"mine exists and is not an encoded data set, .*; it is left alone"):
        save_dataset(build(), path)
    assert kept.read_text() == "years of work"


@pytest.mark.parametrize("name", ["vgg_feats.mat", "notes.txt"])
def test_a_folder_with_a_file_of_that_name_is_not_ours(tmp_path: Path, name: str):
    mine = tmp_path / "flickr8k"
    mine.mkdir()
    (mine / "dataset.json").write_text('{"dataset": "flickr8k", "images": []}')
    before = files(tmp_path)
    with pytest.raises(StorageError, match="left alone"):
        save_dataset(build(), mine)
    assert files(tmp_path) == before
    save_dataset(build(), tmp_path / "saved")
    (tmp_path / "saved" / name).write_text("mine")
    before = files(tmp_path)
    with pytest.raises(StorageError, match="or holds more than that"):
        save_dataset(build(), tmp_path / "saved")
    assert files(tmp_path) == before


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_half_written_remains_where_encoding_fails(tmp_path: Path):
    failing = Dataset({"image": np.zeros((1, 2)), "text": ["!"]}, encoders={"text": LetterEncoder()})
    with pytest.raises(InputError):
        save_dataset(failing, tmp_path / "new")
    assert files(tmp_path) == {}
    save_dataset(build(), tmp_path / "saved")
    before = files(tmp_path)
    with pytest.raises(InputError):
        save_dataset(failing, tmp_path / "saved")
    assert files(tmp_path) == before


def test_nothing_half_written_remains_where_writing_fails(tmp_path: Path):
    save_dataset(build(), tmp_path / "saved")
    before = files(tmp_path)
    data = Dataset({"image": np.zeros((1, 2)), "x" * 300: np.zeros((1, 2))})  # no file may have so long a name
    with pytest.raises(StorageError, match=r"cannot write .*saved"):
        save_dataset(data, tmp_path / "saved")
    assert files(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "{}", '{"format": 1}', '{"format": 1, "name": "x", "modalities": []}', "\ufeff\x00"],
    ids=repr,
)
def test_a_damaged_description(tmp_path: Path, text: str):
    save_dataset(build(), tmp_path / "saved")
    (tmp_path / "saved" / "dataset.json").write_text(text)
    with pytest.raises(StorageError, match=r"saved: dataset.json is missing or damaged .*; encode the data again"):
        load_saved_dataset(tmp_path / "saved")


def test_a_description_that_is_not_utf8(tmp_path: Path):
    (tmp_path / "dataset.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(StorageError, match=r"dataset.json is missing or damaged"):
        read_description(tmp_path)


def test_another_format(tmp_path: Path):
    save_dataset(build(), tmp_path / "saved")
    (tmp_path / "saved" / "dataset.json").write_text('{"format": 99}')
    with pytest.raises(StorageError, match="written in format 99, this version reads format 1"):
        load_saved_dataset(tmp_path / "saved")


def test_no_folder_at_all(tmp_path: Path):
    assert not is_saved_dataset(tmp_path / "absent")
    with pytest.raises(StorageError, match=r"absent: dataset.json is missing"):
        load_saved_dataset(tmp_path / "absent")


@pytest.mark.parametrize("name", ["items.parquet", "views/a%2Fb.npy"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "overwritten"])
def test_a_damaged_file(tmp_path: Path, name: str, damage: str):
    save_dataset(build(), tmp_path / "saved")
    file = tmp_path / "saved" / name
    content = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes({"empty": b"", "cut": content[:-20], "overwritten": b"something else"}[damage])
    with pytest.raises(StorageError, match=r"saved: .*; encode the data again"):
        load_saved_dataset(tmp_path / "saved")


def test_a_pickle_is_not_run(tmp_path: Path):
    save_dataset(build(), tmp_path / "saved")
    np.save(tmp_path / "saved" / "views" / "a%2Fb.npy", np.array([{"a": 1}] * 4), allow_pickle=True)
    with pytest.raises(StorageError, match="encode the data again"):
        load_saved_dataset(tmp_path / "saved")


def test_views_with_other_rows_than_the_table(tmp_path: Path):
    save_dataset(build(), tmp_path / "saved")
    np.save(tmp_path / "saved" / "views" / "a%2Fb.npy", np.zeros((3, 5), np.float32))
    with pytest.raises(StorageError, match=r"a/b has 3 rows, items.parquet 4"):
        load_saved_dataset(tmp_path / "saved")
