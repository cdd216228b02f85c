"""Several writers at once, and creations that fail: nothing of another's is lost, nothing is doubled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from commonspace.collection import Collection, lock
from commonspace.collection.lock import writing
from commonspace.collection.manifest import Manifest
from commonspace.collection.table import VectorTable
from commonspace.errors import ParameterError, StorageError

from .conftest import DIM


def fill(collection: Collection, n: int = 5) -> None:
    collection.add_vectors([str(i) for i in range(n)], np.eye(n, collection.dim), modality="image")


def run_at_once(code: str, store: Path, times: int, tmp_path: Path) -> list[str]:
    """Runs a script in several processes that start their work together; returns what each printed."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, time, pathlib\nimport numpy as np, lance\n"
        "from commonspace.collection import Collection\nfrom commonspace.errors import StorageError\n"
        "store, me = sys.argv[1], pathlib.Path(sys.argv[2])\n"
        f"me.touch()\nwhile len(list(me.parent.glob('ready *'))) < {times}:\n    time.sleep(0.001)\n" + code
    )
    started = [
        subprocess.Popen(
            [sys.executable, script, store, tmp_path / f"ready {i}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(times)
    ]
    ended = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * times, [error for _, error in ended]
    return [out.strip() for out, _ in ended]


@pytest.mark.slow
def test_of_creations_at_once_one_wins_and_keeps_its_data(tmp_path):
    code = """
try:
    c = Collection.create(store, dim=4)
    c.add_vectors(["a", "b"], np.eye(2, 4), modality="image")
    print("made")
except StorageError as error:
    print(error)
"""
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        told = sorted(run_at_once(code, folder / "store", 3, folder), key=lambda t: t != "made")
        assert told[0] == "made"
        assert all("holds a collection already" in t for t in told[1:])
        assert len(Collection.open(folder / "store")) == 2


@pytest.mark.slow
def test_additions_of_the_same_keys_at_once_store_them_once(tmp_path):
    code = """
c = Collection.open(store)
c.add_vectors([str(i) for i in range(20_000)], np.random.default_rng(0).standard_normal((20_000, 4)), modality="image")
print("stored")
"""
    Collection.create(tmp_path / "store", dim=4)
    assert run_at_once(code, tmp_path / "store", 3, tmp_path) == ["stored"] * 3
    assert len(Collection.open(tmp_path / "store")) == 20_000


WRITES: dict[str, Callable[[Collection], object]] = {
    "create": lambda c: Collection.create(c.path, dim=3, overwrite=True),
    "add_vectors": fill,
    "delete": lambda c: c.delete(["0"]),
    "build_index": lambda c: c.build_index(),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_writer_waits_for_another_and_then_says_so(raw, monkeypatch, write):
    fill(raw)
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.1)
    with writing(raw.path):
        with pytest.raises(StorageError, match=r"another process is writing to this collection.*0\.1 s"):
            WRITES[write](raw)
        assert len(raw.search(vector=np.ones(DIM))) == 5  # readers need not wait
    WRITES[write](raw)


def test_a_killed_writer_leaves_no_lock(raw, monkeypatch):
    monkeypatch.setattr(lock, "WAIT_SECONDS", 5.0)
    code = (
        "import sys, time, pathlib; from commonspace.collection.lock import writing\n"
        "with writing(pathlib.Path(sys.argv[1])):\n    print('locked', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, raw.path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "locked\n"
    process.kill()
    process.communicate()
    fill(raw)
    assert len(raw) == 5


def test_a_creation_that_fails_leaves_what_was_there(raw, monkeypatch):
    fill(raw)
    before = sorted(p.name for p in raw.path.iterdir())

    def full(*_: object) -> None:
        raise StorageError("disk full")

    for place, name in ((Manifest, "write"), (VectorTable, "__init__")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            with pytest.raises(StorageError, match="disk full"):
                Collection.create(raw.path, dim=3, overwrite=True)
        assert sorted(p.name for p in raw.path.iterdir()) == before
        assert [h.id for h in Collection.open(raw.path).search(vector=np.eye(1, DIM)[0], k=1)] == ["0"]
    with pytest.raises(ParameterError, match="65,536"):
        Collection.create(raw.path, dim=10**12, overwrite=True)
    assert len(raw) == 5


def test_an_interrupt_after_the_manifest_was_written_breaks_nothing(raw, monkeypatch):
    fill(raw)
    write = Manifest.write

    def interrupted(manifest: Manifest, folder: Path) -> None:
        write(manifest, folder)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Collection.create(raw.path, dim=3, overwrite=True)
    again = Collection.open(raw.path)
    assert (again.dim, len(again)) == (3, 0)


def test_replacing_leaves_nothing_of_the_old(raw):
    for dim in (3, 4, 5):
        fill(Collection.create(raw.path, dim=dim, overwrite=True), dim)
        assert len(list(raw.path.glob("items*"))) == 1
    again = Collection.open(raw.path)
    assert (again.dim, len(again)) == (5, 5)


def test_a_handle_of_a_replaced_collection_writes_nothing(raw):
    for _ in range(2):
        new = Collection.create(raw.path, dim=DIM, overwrite=True)
        with pytest.raises(StorageError, match="was replaced by another collection since it was opened"):
            fill(raw)
        with pytest.raises(StorageError, match="open the collection again"):
            raw.search(vector=np.ones(DIM))
        assert len(new) == 0


def test_a_collection_whose_folder_is_gone_is_not_made_anew(raw, tmp_path):
    raw.path.rename(tmp_path / "away")
    with pytest.raises(StorageError, match="is gone"):
        fill(raw)
    assert not raw.path.exists()


def test_a_reader_goes_on_whose_version_another_writer_removed(raw, rng):
    """With so many fields that Lance reads what indexes there are from the version's file only when it is asked."""
    n, fields = 5_000, [f"{'a long name ' * 20}{i}" for i in range(400)]
    X = rng.standard_normal((n, DIM))
    raw.add_vectors([str(i) for i in range(n)], X, modality="image", metadata={name: ["x"] * n for name in fields})
    raw.build_index()
    reader = Collection.open(raw.path)
    raw.add_vectors(["late"], X[:1] + 1, modality="image", metadata={name: ["x"] for name in fields})
    raw.optimize(keep=timedelta(0))
    assert len(reader) == n + 1
    assert [hit.id for hit in reader.search(vector=X[0] + 1, k=1)] == ["late"]
