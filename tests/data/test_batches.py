"""Views read some rows at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def write(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=30)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lists = {m: pa.FixedSizeListArray.from_arrays(v.ravel(), v.shape[1]) for m, v in VIEWS.items()}
    return write(tmp_path / "features.parquet", **lists, title=["x"] * 103)


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


def test_null_is_an_absent_modality(tmp_path: Path):
    path = write(tmp_path / "gaps.parquet", image=[[1.0, 2.0], None, [3.0, 4.0]])
    [batch] = read_batches(path)
    np.testing.assert_array_equal(batch["image"], [[1, 2], [np.nan, np.nan], [3, 4]])


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
