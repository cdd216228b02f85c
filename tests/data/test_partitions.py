from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import commonspace as cs
from commonspace.data.partition_file import write_partition
from commonspace.data.partitions import Description, Partitions, is_partitioned, stacked
from commonspace.data.places import Place
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError

SIZES = (3, 4, 1)


@pytest.fixture
def data() -> cs.Dataset:
    rng = np.random.default_rng(0)
    views = {"image": rng.standard_normal((8, 3)), "text": rng.standard_normal((8, 2, 4))}
    views["text"][::2, 1] = views["text"][7, 1] = np.nan
    labels = (rng.random((8, 3)) < 0.5).astype(int)
    late = [None] * 4 + ["yes"] * 4  # nothing but null in the first partition
    split = ["train", "test"] * 4
    return cs.Dataset(views, labels=labels, split=split, metadata={"late": late}, time=range(8), name="eight")


@pytest.fixture
def folder(data: cs.Dataset, tmp_path: Path) -> Path:
    start = 0
    for number, size in enumerate(SIZES):
        part = data.take(range(start, start + size))
        # As encoders do: no more room for parts than the items of the partition need.
        views = {"image": part.view("image"), "text": part.view("text")[:, : 1 if size == 1 else 2]}
        write_partition(Place(tmp_path), number, part, views, ())
        start += size
    names = data.label_names
    Description("eight", "custom", data.modalities, {}, SIZES, names, {"text": "caption"}).write(Place(tmp_path))
    return tmp_path


def test_all_of_it_is_the_data_set_that_was_parted(folder: Path, data: cs.Dataset):
    for whole in (Partitions(folder).load(), cs.load_dataset(folder)):
        assert whole.table.equals(data.table)
        for modality in data.modalities:
            np.testing.assert_array_equal(whole.view(modality), data.view(modality))
        np.testing.assert_array_equal(whole.labels, data.labels)
        assert (whole.name, whole.modalities, whole.label_names) == ("eight", data.modalities, data.label_names)
        assert whole.columns == {"text": "caption"}
        assert whole.split("test").ids.tolist() == ["1", "3", "5", "7"]


def test_parts_are_read_by_split_and_modality(folder: Path, data: cs.Dataset):
    parts = Partitions(folder)
    assert (len(parts), parts.items) == (3, 8)
    part = parts.read(1, split="test", modalities=["image"])
    assert part.ids.tolist() == ["3", "5"]
    assert part.modalities == ("image",)
    np.testing.assert_array_equal(part.view("image"), data.view("image")[[3, 5]])
    assert len(parts.read(2, split="train")) == 0
    test = parts.load(split="test")
    assert test.part == "test"
    np.testing.assert_array_equal(test.view("text"), data.split("test").view("text"))
    told = parts.load(modalities=(), raw=False)
    np.testing.assert_array_equal(told.labels, data.labels)
    assert [len(part) for part in parts.parts()] == list(SIZES)


def test_what_is_not_there_is_named(folder: Path):
    parts = Partitions(folder)
    with pytest.raises(UnknownNameError, match=r"modality 'sound'.*image, text"):
        parts.read(0, modalities=["sound"])
    with pytest.raises(UnknownNameError, match=r"split 'trian'; did you mean 'train'\? Known: test, train"):
        parts.load(split="trian")
    with pytest.raises(ParameterError, match="is encoded already"):
        cs.load_dataset(folder, columns={"text": "x"})
    assert is_partitioned(folder)
    assert not is_partitioned(folder / "part-000000.parquet")
    with pytest.raises(StorageError, match=r"no data set in partitions"):
        Partitions(folder / "nowhere")


def test_a_damaged_description_is_told(folder: Path):
    file = folder / "partitions.json"
    told = json.loads(file.read_text())
    for damaged in ("{", "[]", json.dumps({**told, "items": "x"}), json.dumps({"format": 1})):
        file.write_text(damaged)
        with pytest.raises(StorageError, match=r"is damaged .* encode the data again"):
            Partitions(folder)
    file.write_text(json.dumps({**told, "format": 99}))
    with pytest.raises(StorageError, match="not of format 1"):
        Partitions(folder)


def test_partitions_of_unlike_types_are_refused(tmp_path: Path):
    values: list[list[object]] = [["a"], [1]]
    for number, value in enumerate(values):
        part = cs.Dataset({"x": np.ones((1, 2))}, metadata={"field": value})
        write_partition(Place(tmp_path), number, part, part.views, ())
    Description("odd", "custom", ("x",), {}, (1, 1)).write(Place(tmp_path))
    with pytest.raises(InputError, match="columns of unlike types"):
        Partitions(tmp_path).load()


def test_views_of_more_and_of_fewer_parts_are_put_below_one_another():
    one, two = np.ones((2, 3), np.float32), np.full((1, 2, 3), 2, np.float32)
    both = stacked([one, two])
    assert both.shape == (3, 2, 3)
    np.testing.assert_array_equal(both[:2, 0], one)
    assert np.isnan(both[:2, 1]).all()
    np.testing.assert_array_equal(both[2], two[0])
    assert stacked([one, one]).shape == (4, 3)
