"""Runs a benchmark over processes, and goes on with one that was stopped."""

from __future__ import annotations

import json
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from threadpoolctl import threadpool_limits

from commonspace import __version__
from commonspace.data import Dataset
from commonspace.errors import ParameterError, StorageError
from commonspace.files import replacing
from commonspace.progress import progress
from commonspace.threads import cpu_threads

from .journal import Journal
from .protocols import Protocol
from .results import gather
from .settings import BenchSettings
from .worker import bench_space, journal_path

DESCRIPTION, RESULTS = "bench.json", "results.json"
SLOW_FIRST = ("FusionTransformer", "CMDN", "CCL", "DSCMR", "Ensemble", "KCCA", "SemanticMatching", "SAM")
"""What is begun first, so that no process is left with a long piece at the end."""

GLANCE = 1.0
"""Seconds after which progress is shown anew."""

PATIENCE = 10.0
"""Seconds for which a folder is waited for: one that was killed may need a moment to end."""

_logger = logging.getLogger("commonspace")


def run_bench(
    protocol: Protocol, settings: BenchSettings, out: Path, *, processes: int | None = None
) -> list[dict[str, Any]]:
    """Runs what is left of a benchmark, and writes `results.json` into its folder.

    For each space, settings are tried on validation, the best is fitted on the whole training split for each seed,
    and measured once on test. Every finished piece is on the disk before the next begins: after a kill the same call
    goes on, and ends with the same numbers.

    Args:
        protocol: What is measured.
        settings: How much is tried.
        out: The folder.
        processes: How many spaces are worked on at a time, each on one thread. Default: as many as processors.

    Returns:
        The results, one entry for each space that could be fitted, in the schema of `results.json`.

    Raises:
        StorageError: If the folder holds another benchmark, or cannot be written.
        ParameterError: If `processes` is below 1.
        InputError: If the data cannot be used.
        MissingPackageError: If a space needs a package that is not installed.

    Example:
        ```python
        protocol = find_protocol("wikipedia", root=Path("data/wikipedia"))
        results = run_bench(protocol, BenchSettings(spaces=["cca", "sam"], seeds=5), Path("runs/wikipedia"))
        ```
    """
    workers = cpu_threads() if processes is None else processes
    if workers < 1:
        raise ParameterError(f"processes: expected 1 or more, got {processes}.")
    _claim(out, protocol, settings, _digest(protocol.load()))
    names = sorted(settings.spaces, key=lambda name: (*SLOW_FIRST, name).index(name))
    with _alone(out):
        _work(protocol, settings, out, names, workers)
    results = gather(protocol, settings, out)
    with replacing(out / RESULTS) as temporary:
        temporary.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


def _work(protocol: Protocol, settings: BenchSettings, out: Path, names: list[str], workers: int) -> None:
    """Works on all spaces, so many at a time, and tells what came of each."""
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with (
        progress("benchmark", len(names), "spaces") as advance,
        ProcessPoolExecutor(min(workers, len(names)), context, initializer=_begin) as pool,
    ):
        running: dict[Future[None], str] = {
            pool.submit(bench_space, protocol, settings, name, out): name for name in names
        }
        try:
            while running:
                finished, _ = wait(running, timeout=GLANCE, return_when=FIRST_COMPLETED)
                for future in finished:
                    name = running.pop(future)
                    future.result()
                    _tell(name, Journal(journal_path(out, name)))
                advance(len(finished), _now([name for future, name in running.items() if future.running()], out))
        except BaseException:  # an interruption too: what is on the disk is whole, and what is not is begun anew
            pool.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - others:
                process.kill()  # Lightning would catch a gentler signal, and go on for a while
            raise


def _now(names: list[str], out: Path) -> str:
    """What is being worked on: "CMDN (3 tried), SAM (12 tried, 2 measured)"."""
    told = []
    for name in names:
        path = journal_path(out, name)
        kinds = path.read_bytes() if path.is_file() else b""
        tried, measured = kinds.count(b'{"kind": "tried"'), kinds.count(b'{"kind": "measured"')
        if tried:
            told.append(f"{name} ({tried} tried{f', {measured} measured' if measured else ''})")
    return ", ".join(told)


def _begin() -> None:
    """Prepares a process: one thread, as each has a processor of its own, and an end where the program ends."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program, which is interrupted too, ends it
    torch.set_num_threads(1)
    threadpool_limits(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Else what was killed would go on, beside those who begin where it stopped."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Holds the folder; two at work in it would do everything twice and mix their lines."""
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise StorageError(
            f"{out}: another benchmark is at work in this folder; wait for it or choose another."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _digest(data: Dataset) -> str:
    """By which the data is known again. Encodes what is not in the cache, before processes would do it side by side."""
    digest = blake2b(digest_size=16)
    for column in ("id", "split", "label", "time", "group"):
        if column in data.table.column_names:
            digest.update(repr(data.table[column].to_pylist()).encode())
    for modality, view in data.views.items():
        digest.update(f"{modality} {view.shape}".encode())
        digest.update(np.ascontiguousarray(view).data)
    return digest.hexdigest()


def _tell(name: str, journal: Journal) -> None:
    for entry in journal.of("failed"):
        _logger.warning("%s: left out: %s", name, entry["reason"])
    _logger.info("%s: %d settings tried, %d fits measured", name, len(journal.of("tried")), len(journal.of("measured")))


def _claim(out: Path, protocol: Protocol, settings: BenchSettings, data: str) -> None:
    """Notes whose folder it is, or checks that it is this benchmark's."""
    described = {
        "version": __version__,
        "dataset": protocol.dataset,
        "protocol": protocol.name,
        "goal": protocol.goal,
        "encoders": dict(protocol.encoders),
        "trials": settings.trials,
        "budget": settings.budget,
        "data": data,
    }
    path = out / DESCRIPTION
    if path.is_file():
        found = json.loads(path.read_text(encoding="utf-8"))
        if differing := [key for key in described if found.get(key) != described[key]]:
            key = differing[0]
            raise StorageError(
                f"{out} holds a benchmark with {key} {found.get(key)!r}, this one has {described[key]!r}; choose "
                "another folder, or delete that one."
            )
        return
    if out.is_dir() and any(out.iterdir()):
        raise StorageError(f"{out} is not empty and holds no benchmark; choose another folder.")
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
