"""Views that lie in files: parts of them are those of arrays in memory, and are read when asked for."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import commonspace as cs
from commonspace.data import Dataset, load_saved_dataset, save_dataset
from commonspace.data.mapped import ChosenRows, is_mapped
from commonspace.errors import ParameterError, UnknownNameError
from commonspace.spaces.views import check_view

rng = np.random.default_rng(0)
N = 60
VIEWS: dict[str, NDArray[Any]] = {
    "image": rng.standard_normal((N, 5)).astype(np.float32),
    "text": rng.standard_normal((N, 3, 4)).astype(np.float32),
}
VIEWS["image"][7] = np.nan
VIEWS["text"][3:9, 1:] = np.nan
SPLIT = ["train"] * 20 + ["test" if i % 3 else "train" for i in range(N - 20)]


@pytest.fixture
def memory() -> Dataset:
    return Dataset(VIEWS, split=SPLIT, labels=[i % 4 for i in range(N)])


@pytest.fixture
def mapped(memory: Dataset, tmp_path: Path) -> Dataset:
    save_dataset(memory, tmp_path / "saved")
    return load_saved_dataset(tmp_path / "saved")


CHOICES: dict[str, Any] = {
    "in a row": range(10, 30),
    "one": [4],
    "none": [],
    "here and there": [1, 5, 6, 40],
    "turned": [9, 8, 7],
    "twice": [2, 2, 3],
    "mask": np.arange(N) % 2 == 0,
}


@pytest.mark.parametrize("rows", CHOICES.values(), ids=list(CHOICES))
@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_chosen_items_are_those_of_arrays_in_memory(memory: Dataset, mapped: Dataset, rows: Any, again: bool):
    ours, theirs = mapped.take(rows), memory.take(rows)
    if again:
        some = np.arange(len(theirs))[::2]
        ours, theirs = ours.take(some), theirs.take(some)
    for m in VIEWS:
        assert ours.content(m, whole=True) == theirs.content(m, whole=True)
        batches = [batch[m] for batch in ours.batches(rows=7)]
        np.testing.assert_array_equal(np.concatenate([theirs.view(m)[:0], *batches]), theirs.view(m))
        np.testing.assert_array_equal(ours.view(m), theirs.view(m))
        assert ours.view(m).dtype == np.float32


def test_items_in_a_row_stay_in_the_file(mapped: Dataset):
    assert all(is_mapped(view) for view in mapped.take(range(10, 30)).views.values())
    changed = mapped.with_views({"text": VIEWS["text"]}).take(range(5))
    assert [is_mapped(changed.view(m)) for m in ("image", "text")] == [True, False]
    assert is_mapped(mapped.detached().view("image"))


def test_items_here_and_there_are_read_when_asked_for(mapped: Dataset):
    part = mapped.split("test")
    assert isinstance(part._views["image"], ChosenRows)
    assert isinstance(part.take([3, 1])._views["image"], ChosenRows)
    view = part.view("image")
    assert type(view) is np.ndarray
    assert not is_mapped(view)
    assert part.view("image") is view
    assert is_mapped(mapped.view("image"))


def test_to_another_process_goes_no_more_than_the_part(memory: Dataset, mapped: Dataset):
    part = pickle.loads(pickle.dumps(mapped.split("test").detached()))
    for m in VIEWS:
        assert type(part._views[m]) is np.ndarray
        np.testing.assert_array_equal(part.view(m), memory.split("test").view(m))


def test_an_array_of_the_users_own_is_not_read(tmp_path: Path):
    np.save(tmp_path / "image.npy", VIEWS["image"])
    data = Dataset({"image": np.load(tmp_path / "image.npy", mmap_mode="r")})
    assert is_mapped(data.view("image"))
    assert not is_mapped(np.asarray(data.view("image")) + 0)


def test_nothing_as_long_as_a_view_is_made_of_it(tmp_path: Path):
    n, d = 4096, 512
    np.save(tmp_path / "image.npy", np.zeros((n, d), np.float32))
    tracemalloc.start()
    try:
        data = Dataset({"image": np.load(tmp_path / "image.npy", mmap_mode="r")}, split=["train", "test"] * (n // 2))
        assert len(data.split("test")) == n // 2
        assert check_view("image", data.view("image")).shape == (n, d)
        assert tracemalloc.get_traced_memory()[1] < n * d
    finally:
        tracemalloc.stop()


def test_batches_are_views_in_order(memory: Dataset, mapped: Dataset):
    for data in (memory, mapped):
        batches = list(data.batches(rows=25, modalities=["text"]))
        assert [batch["text"].shape for batch in batches] == [(25, 3, 4), (25, 3, 4), (10, 3, 4)]
        assert set(batches[0]) == {"text"}
        with pytest.raises(ParameterError, match="rows=0"):
            data.batches(rows=0)
        with pytest.raises(UnknownNameError, match="unknown modality 'txet'; did you mean 'text'"):
            data.batches(modalities=["txet"])


def test_spaces_and_reports_come_out_the_same(memory: Dataset, mapped: Dataset):
    ours, theirs = cs.MCCA(3), cs.MCCA(3).fit(memory.split("train").views)
    for views in mapped.split("train").batches(rows=8):
        ours.partial_fit(views)
    np.testing.assert_allclose(ours.correlations_, theirs.correlations_, atol=1e-6)
    one, other = (cs.evaluate(theirs, data.split("test")).to_dict() for data in (memory, mapped))
    assert one == other


LIMITED = """
import resource
import sys
import numpy as np
import commonspace as cs

folder, budget = sys.argv[1], int(sys.argv[2])
views = {m: np.load(f"{folder}/{m}.npy", mmap_mode="r") for m in ("image", "text")}
split = ["test" if i % 4 else "train" for i in range(len(views["image"]))]
data = cs.Dataset(views, split=split)
few = data.take(range(2000))
cs.evaluate(cs.CCA(8).fit(few.views), few)  # what is loaded on first use is no part of what is measured
status = dict(line.split(":") for line in open("/proc/self/status"))
resource.setrlimit(resource.RLIMIT_DATA, [int(status["VmData"].split()[0]) * 1024 + budget] * 2)

space = cs.CCA(8).fit(data.views)
stream = cs.CCA(8)
for batch in data.split("train").batches():
    stream.partial_fit(batch)
print(space.correlations_[0], stream.correlations_[0])
print(np.isnan(space.transform(data.views)["image"]).any())
print(cs.evaluate(space, data.split("test")).queries)
try:
    data.split("test").views
except MemoryError:
    print("no room for a copy")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")
def test_a_set_is_used_where_a_copy_of_it_has_no_room(tmp_path: Path):
    """655 MB of views; three of four items, scattered, are the test part, where few have a text."""
    rng = np.random.default_rng(1)
    n, dims = 80_000, {"image": 1536, "text": 512}
    maps = {m: rng.standard_normal((4, d)).astype(np.float32) for m, d in dims.items()}
    files = {
        m: np.lib.format.open_memmap(tmp_path / f"{m}.npy", mode="w+", dtype=np.float32, shape=(n, d))
        for m, d in dims.items()
    }
    for start in range(0, n, 10_000):
        latent = rng.standard_normal((10_000, 4), np.float32)
        for m, d in dims.items():
            files[m][start : start + 10_000] = latent @ maps[m] + rng.standard_normal((10_000, d), np.float32)
    scattered = np.arange(n)
    files["text"][(scattered > 2000) & (scattered % 4 > 0) & (scattered % 20 > 1)] = np.nan
    for file in files.values():
        file.flush()
    del files, file
    told = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), str(250 << 20)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    correlations, absent, queries, copy = told.stdout.splitlines()
    whole, train = map(float, correlations.split())
    assert whole == pytest.approx(train, abs=1e-3)
    assert whole > 0.9
    assert absent == "False"
    assert "60000" not in queries
    assert copy == "no room for a copy"
