"""kill -9 at any moment of `commonspace index`, and the same command again: nothing lost, doubled or altered."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import commonspace as cs
from commonspace.cli.app import app
from commonspace.collection import Collection, dataset_rows
from commonspace.data import save_dataset
from commonspace.errors import StorageError

from .kills import KILLS

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")]

N, BATCH = 3_000, 200  # twice N rows, which is enough to be indexed

# The command itself, in small batches so that there are many commits to fall between. It waits when all is imported,
# which takes seconds and holds nothing to break, and dies by its own hand where a step is named.
SCRIPT = """
import os, sys
import filelock, lance, sklearn
import commonspace as cs
from commonspace.cli.app import app
from commonspace.collection import claim, dataset_rows, manifest, table

cs.CCA
die_at, dataset_rows.BATCH_ROWS, *arguments = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]

def dying(*_, **__):
    os.kill(os.getpid(), 9)

place = {
    "claim": (claim, "_next_generation"),
    "table": (table, "base_schema"),
    "space": (cs.CCA, "save"),
    "manifest": (manifest, "replacing"),
    "removal": (claim, "_remove"),
}.get(die_at)
if place:
    setattr(*place, dying)
print("ready", flush=True)
sys.stdin.readline()
app(["index", *arguments], standalone_mode=False)
"""


class Index:
    """One run of the command, which waits to be told to begin."""

    def __init__(self, *arguments: object, die_at: str = "never") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, die_at, str(BATCH), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def begin(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()
        process.stdin.write("go\n")
        process.stdin.flush()

    def kill(self, after: float) -> bool:
        """Kills it; returns whether it was still at work."""
        time.sleep(after)
        self._process.kill()
        self._process.communicate()
        return self._process.returncode == -9

    def end(self) -> int:
        _, errors = self._process.communicate(timeout=100)
        assert self._process.returncode in (0, -9), errors
        return self._process.returncode


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A saved space and data set."""
    folder = tmp_path_factory.mktemp("given")
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((N, 4))
    views = {m: (shared @ rng.standard_normal((4, d))).astype(np.float32) for m, d in (("image", 9), ("text", 7))}
    data = cs.Dataset(views, metadata={"number": list(range(N))})
    save_dataset(data, folder / "data")
    cs.CCA(n_components=4, ridge=0.01).fit(data.views).save(folder / "space")
    return folder / "space", folder / "data"


@pytest.fixture(scope="module")
def undisturbed(given, tmp_path_factory) -> tuple[pa.Table, float]:
    """What a run without a kill stores, and how long it takes."""
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    run = Index(*given, "--store", store)
    run.begin()
    start = time.perf_counter()
    assert run.end() == 0
    return content(store), time.perf_counter() - start


def again(*arguments: object) -> None:
    """The command once more, in this process, which has imported all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset_rows, "BATCH_ROWS", BATCH)
        app(["index", *map(str, arguments)], standalone_mode=False)


def content(store: Path) -> pa.Table:
    """All that is stored, in the order of the keys."""
    table = Collection.open(store).rows(vectors=True).combine_chunks()
    return table.sort_by([("modality", "ascending"), ("id", "ascending"), ("part", "ascending")])


def test_kills_at_random_moments(given, undisturbed, tmp_path):
    expected, duration = undisturbed
    assert expected.num_rows == 2 * N
    rng = np.random.default_rng(7)
    killed, following = 0, Index(*given, "--store", tmp_path / "0")
    for attempt in range(KILLS):
        first, following = following, Index(*given, "--store", tmp_path / str(attempt + 1))  # it imports meanwhile
        first.begin()
        killed += first.kill(after=duration * rng.uniform())
        again(*given, "--store", tmp_path / str(attempt))
        assert content(tmp_path / str(attempt)).equals(expected), f"kill {attempt}"
    following.kill(after=0)
    assert killed >= KILLS // 2  # else the moments were not in the run


@pytest.mark.parametrize("die_at", ["claim", "table", "space", "manifest"])
def test_a_kill_in_the_middle_of_create(given, undisturbed, tmp_path, die_at):
    expected, _ = undisturbed
    arguments = (*given, "--store", tmp_path / "store")
    first = Index(*arguments, die_at=die_at)
    first.begin()
    assert first.end() == -9
    with pytest.raises(StorageError, match="half-written"):
        Collection.open(tmp_path / "store")
    again(*arguments)
    assert content(tmp_path / "store").equals(expected)
    names = {".lock", "collection.json", "index.json", "items.lance", "space"}
    assert {p.name for p in (tmp_path / "store").iterdir()} == names


@pytest.mark.parametrize("die_at", ["claim", "table", "space", "manifest", "removal"])
def test_a_kill_while_a_collection_is_replaced(given, undisturbed, tmp_path, die_at):
    expected, _ = undisturbed
    store = tmp_path / "store"
    old = Collection.create(store, dim=2)
    old.add_vectors(["a", "b"], np.eye(2), modality="image")
    arguments = (*given, "--store", store, "--overwrite")
    first = Index(*arguments, die_at=die_at)
    first.begin()
    assert first.end() == -9
    opened = Collection.open(store)
    assert (opened.dim, len(opened)) == ((2, 2) if die_at != "removal" else (4, 0))  # the old or the new, never neither
    again(*arguments)
    assert content(store).equals(expected)
    assert len(list(store.glob("items*"))) == len(list(store.glob("space*"))) == 1
