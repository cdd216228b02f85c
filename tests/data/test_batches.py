"""Views read some rows at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

import commonspace as cs
from commonspace.data import read_batches
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError

rng = np.random.default_rng(0)
VIEWS: dict[str, NDArray[Any]] = {
    "image": rng.standard_normal((103, 5)).astype(np.float32),
    "text": rng.standard_normal((103, 4)),
}


FILES = ["features.parquet", "features.lance", "features"]


def write(path: Path, **columns: Any) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path, row_group_size=30)
    else:
        lance.write_dataset(pa.table(columns), str(path), max_rows_per_file=40)
    return path


@pytest.fixture(params=FILES)
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    lists = {m: pa.FixedSizeListArray.from_arrays(v.ravel(), v.shape[1]) for m, v in VIEWS.items()}
    return write(tmp_path / request.param, **lists, title=["x"] * 103)


@pytest.mark.parametrize("rows", [1, 10, 103, 1000])
def test_batches_put_together_are_the_views(file: Path, rows: int):
    batches = list(read_batches(file, {m: m for m in VIEWS}, rows=rows))
    assert max(len(batch["image"]) for batch in batches) <= rows
    for m, view in VIEWS.items():
        found = np.vstack([batch[m] for batch in batches])
        np.testing.assert_array_equal(found, view)
        assert found.dtype == view.dtype


def test_a_space_learns_from_them(file: Path):
    space = cs.CCA(3)
    for views in read_batches(file, {"photo": "image", "words": "text"}, rows=20):
        space.partial_fit(views)
    whole = cs.CCA(3).fit({"photo": VIEWS["image"], "words": VIEWS["text"]})
    np.testing.assert_allclose(space.correlations_, whole.correlations_, atol=1e-6)


@pytest.mark.parametrize("name", FILES)
def test_null_is_an_absent_modality(tmp_path: Path, name: str):
    path = write(tmp_path / name, image=[[1.0, 2.0], None, [3.0, 4.0]])
    [batch] = read_batches(path)
    np.testing.assert_array_equal(batch["image"], [[1, 2], [np.nan, np.nan], [3, 4]])


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.list_(pa.float32(), 2)], ids=["lists", "of one length"])
def test_a_modality_may_be_absent_from_a_whole_batch(tmp_path: Path, name: str, kind: pa.DataType):
    late = [None] * 5 + [[1.0, 2.0]] + [None] * 4
    path = write(tmp_path / name, image=[[3.0]] * 10, audio=pa.array(late, kind))
    batches = list(read_batches(path, rows=3))
    assert all(batch["audio"].shape == (len(batch["image"]), 2) for batch in batches)
    expected = np.full((10, 2), np.nan)
    expected[5] = 1, 2
    np.testing.assert_array_equal(np.vstack([batch["audio"] for batch in batches]), expected)


def test_a_column_that_is_null_throughout_is_nothing_unless_its_type_tells_a_length(tmp_path: Path):
    path = write(tmp_path / "null.parquet", audio=pa.array([None] * 4, pa.list_(pa.float32())))
    with pytest.raises(InputError, match="audio: expected lists of numbers, all of one length, got null in every row"):
        list(read_batches(path))
    path = write(tmp_path / "known.parquet", audio=pa.array([None] * 4, pa.list_(pa.float32(), 3)))
    assert [batch["audio"].shape for batch in read_batches(path, rows=2)] == [(2, 3)] * 2


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_copied_on_the_way(tmp_path: Path, name: str):
    wide = rng.standard_normal((4000, 300)).astype(np.float32)
    path = write(tmp_path / name, image=pa.FixedSizeListArray.from_arrays(wide.ravel(), 300))
    for batch in read_batches(path, rows=500):
        base = batch["image"].base
        assert base is not None
        while isinstance(base, np.ndarray):
            base = base.base
        assert isinstance(base, pa.Array)


def test_rows_deleted_and_added_later_are_as_lance_has_them(tmp_path: Path):
    path = write(tmp_path / "set", image=[[float(i), 0.0] for i in range(100)])
    lance.dataset(str(path)).delete("image[1] < 10")
    lance.write_dataset(pa.table({"image": [[-1.0, 0.0]]}), str(path), mode="append")
    found = np.vstack([batch["image"] for batch in read_batches(path, rows=7)])
    np.testing.assert_array_equal(found[:, 0], [*range(10, 100), -1])


def test_what_cannot_be_read_is_an_error(file: Path, tmp_path: Path):
    with pytest.raises(UnknownNameError, match="unknown column 'imgae'; did you mean 'image'"):
        list(read_batches(file, {"image": "imgae"}))
    with pytest.raises(InputError, match="title: expected lists of numbers, all of one length, got string"):
        list(read_batches(file))
    with pytest.raises(InputError, match="image: expected lists of numbers"):
        list(read_batches(write(tmp_path / "ragged.parquet", image=[[1.0], [1.0, 2.0]])))
    with pytest.raises(StorageError, match="nowhere"):
        list(read_batches(tmp_path / "nowhere.parquet"))
    (tmp_path / "text.parquet").write_text("this is no Parquet")
    with pytest.raises(StorageError, match="cannot be read as Parquet"):
        list(read_batches(tmp_path / "text.parquet"))
    with pytest.raises(ParameterError, match="rows=0"):
        read_batches(file, rows=0)


def test_a_lance_data_set_that_cannot_be_read_is_an_error(tmp_path: Path):
    with pytest.raises(StorageError, match=r"nowhere.lance: cannot be read as a Lance data set"):
        list(read_batches(tmp_path / "nowhere.lance"))
    path = write(tmp_path / "damaged.lance", image=[[1.0, 2.0]] * 100)
    for part in (path / "data").iterdir():
        part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(StorageError, match=r"damaged.lance: cannot be read as a Lance data set"):
        list(read_batches(path))
