"""Three processes that change one collection, each killed again and again: it stays readable and right.

`COMMONSPACE_SOAK_SECONDS` says for how long; a minute and a half by default.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from commonspace.collection import Collection

from . import worker

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")]

SECONDS = float(os.environ.get("COMMONSPACE_SOAK_SECONDS", "90"))
FIRST = 6_000  # enough to be indexed
GROWTH = 64 * 2**20


class Process:
    """A worker that is started again after each kill."""

    def __init__(self, store: Path, folder: Path, name: str) -> None:
        self.journal = worker.Journal(folder / f"{name}.jsonl")
        self._arguments = [str(store), str(folder / f"{name}.jsonl"), name]
        self._log = folder / f"{name}.log"
        self.kills = 0
        self.start()

    def start(self) -> None:
        """Starts it; it is at work some seconds later."""
        command = [sys.executable, worker.__file__, *self._arguments, str(self.kills)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)

    def kill(self) -> None:
        """Kills it in the middle of whatever it does, once it is at work; it must not have failed by itself."""
        assert self._process.stdout is not None
        ready = self._process.stdout.readline() == "ready\n"
        failed = self._process.poll() is not None
        self._process.kill()
        self._process.communicate()
        assert ready, self._log.read_text()
        assert not failed, self._log.read_text()
        self.kills += 1

    def end(self) -> None:
        """Ends it, whatever it does and whatever became of it."""
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_a_soak_of_changes_and_kills(tmp_path):
    rng = np.random.default_rng(0)
    store = Collection.create(tmp_path / "store", dim=worker.DIM)
    worker.put(store, [f"first-{i}" for i in range(FIRST)], 0)
    assert store.build_index().kind == "IVF_SQ"
    processes = [Process(store.path, tmp_path, name) for name in ("a", "b", "c")]
    memory = []
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            next_kill = time.monotonic() + rng.uniform(0.5, 5)
            while time.monotonic() < next_kill:
                hits = store.search(vector=rng.standard_normal(worker.DIM), k=10)  # one reader all the time
                assert len(hits) == 10
                assert all(np.isfinite(h.score) for h in hits)
            memory.append(resident())
            chosen = processes[rng.integers(len(processes))]
            chosen.kill()
            chosen.start()
        for process in processes:
            process.kill()
    finally:
        for process in processes:
            process.end()
    settled = memory[len(memory) // 2]  # by then the caches are full
    assert max(memory[len(memory) // 2 :]) < settled + GROWTH, memory

    expected = {f"first-{i}": 0 for i in range(FIRST)}
    again = Collection.open(store.path)
    for process in processes:
        stored, begun = process.journal.state()
        if begun is not None and worker.done(again, stored, begun):
            process.journal.write({"done": True})
            stored, _ = process.journal.state()
        expected |= stored
    for collection in (again, store):
        assert len(collection) == len(expected)
    again.optimize(keep=worker.KEEP)
    rows = again.rows(fields=["id", "number"], vectors=True)
    assert dict(zip(rows["id"].to_pylist(), rows["number"].to_pylist(), strict=True)) == expected
    vectors = np.stack(rows["vector"].to_numpy(zero_copy_only=False))
    written = np.stack([worker.vector(key, number) for key, number in expected.items()])
    order = np.argsort(list(expected))
    assert vectors[np.argsort(rows["id"].to_pylist())] == pytest.approx(written[order], abs=1e-6)
    for key in list(expected)[:: len(expected) // 50]:
        assert again.search(vector=worker.vector(key, expected[key]), k=1)[0].id == key
    index = again.index
    assert index is not None
    assert (index.rows, index.unindexed) == (len(expected), 0)
    assert index.reached
    told = f"{sum(p.kills for p in processes)} kills, {len(expected)} rows, memory of the reader in MB: "
    print(told, [m // 2**20 for m in memory[:: max(1, len(memory) // 10)]])  # noqa: T201 - shown by pytest -s
