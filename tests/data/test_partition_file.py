from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from commonspace import Dataset
from commonspace.data import Problem
from commonspace.data.partition_file import as_lists, as_view, read_partition, read_summary, write_partition
from commonspace.data.places import Place
from commonspace.errors import StorageError


@pytest.mark.parametrize("shape", [(5, 3), (5, 2, 3), (0, 3), (0, 2, 3)], ids=str)
def test_a_view_comes_back_to_the_last_bit(shape: tuple[int, ...]):
    view = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    view[:1] = np.nan
    view[1:2] = np.float32(1e-42)  # not normal
    column = pa.chunked_array([as_lists(view)])
    back = as_view(column)
    assert back.shape == shape
    assert back.tobytes() == view.tobytes()
    cut = as_view(column.slice(2, 2))
    np.testing.assert_array_equal(cut, view[2:4])
    both = as_view(pa.chunked_array([as_lists(view), as_lists(view)]))
    np.testing.assert_array_equal(both, np.concatenate([view, view]))


def test_a_partition_says_what_it_is_without_being_read(tmp_path: Path):
    views = {"image": np.full((2, 3), np.nan, np.float32), "text": np.ones((2, 2, 4), np.float32)}
    data = Dataset(
        {"image": ["a.jpg", "b.jpg"], "text": views["text"]}, labels=np.eye(2), label_names=["x", "y"], ids=["p", "q"]
    )
    problems = [Problem("a.jpg", "image", "no such file")]
    written = write_partition(Place(tmp_path), 7, data, views, problems)
    summary = read_summary(Place(tmp_path), 7)
    assert summary == written
    assert (summary.items, summary.modalities, summary.absent) == (2, ("image", "text"), ("image",))
    assert (summary.labels, summary.label_names, summary.problems) == ("several", ("x", "y"), tuple(problems))
    table, again = read_partition(Place(tmp_path), 7, ["text"], raw=False)
    assert again == summary
    assert table.column_names == ["id", "label", "view.text"]
    assert [file.name for file in tmp_path.iterdir()] == ["part-000007.parquet"]


def test_labels_that_no_item_has_are_none(tmp_path: Path):
    views = {"x": np.ones((2, 3), np.float32)}
    known: list[tuple[Any, str | None]] = [([None, None], None), ([None, "a"], "one"), (np.zeros((2, 0)), "several")]
    for number, (labels, told) in enumerate(known):
        assert write_partition(Place(tmp_path), number, Dataset(views, labels=labels), views, ()).labels == told


def test_a_damaged_partition_is_told(tmp_path: Path):
    (tmp_path / "part-000000.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(StorageError, match=r"part-000000.parquet: cannot be read: .* encode the data again"):
        read_summary(Place(tmp_path), 0)
    with pytest.raises(StorageError, match=r"part-000001.parquet: cannot be read"):
        read_summary(Place(tmp_path), 1)
