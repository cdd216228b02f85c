"""The work on one space: choose among settings, fit anew, measure."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import CommonspaceError, MissingPackageError, StorageError
from commonspace.evaluation import evaluate, evaluate_queries, summarise
from commonspace.files import replacing
from commonspace.spaces import Space
from commonspace.spaces.deep.base import DeepSpace
from commonspace.spaces.search_space import DataFacts

from .candidates import Params, candidates, is_random, make, prepared
from .journal import Journal
from .protocols import Protocol, folds
from .settings import BenchSettings

JOURNALS, QUERIES = "journals", "queries"
BEHIND = 0.97
"""A setting that comes to less than this share of the best is not tried on further validation parts."""

OF_THE_MACHINE = (StorageError, MissingPackageError)
"""Errors that say nothing of a space: once the machine is mended, the same call goes on."""


def journal_path(folder: Path, name: str) -> Path:
    """Where the finished work of a space is noted."""
    return folder / JOURNALS / f"{name.lower()}.jsonl"


def queries_path(folder: Path, name: str, seed: int) -> Path:
    """Where what each query came to is kept."""
    return folder / QUERIES / f"{name.lower()}-{seed}.npz"


def bench_space(protocol: Protocol, settings: BenchSettings, name: str, folder: Path) -> None:
    """Does what is left to do for one space.

    Settings are tried on validation; the best is fitted on the whole training split, once for each seed, and measured
    on test. Where each seed has a split of its own, the choice is made for each anew, so that no item of a test split
    has a part in it.

    Args:
        protocol: What is measured.
        settings: How much is tried.
        name: The class name of the space.
        folder: Where finished work is noted and looked for.

    Raises:
        StorageError: If something cannot be read or written.
        MissingPackageError: If the space needs a package that is not installed.
    """
    journal = Journal(journal_path(folder, name))
    if journal.of("failed"):
        return
    seeds = range(settings.seeds if protocol.resplits or is_random(name) else 1)
    measured = {entry["seed"] for entry in journal.of("measured")}
    try:
        for seed in seeds:
            if seed not in measured:
                split = seed if protocol.resplits else 0
                share = settings.budget * 60 / (len(seeds) if protocol.resplits else 1)
                params = choose(protocol, settings.trials, share, name, split, journal)
                measure(protocol, name, params, seed, split, folder, journal)
    except OF_THE_MACHINE:
        raise
    except CommonspaceError as error:
        journal.add("failed", reason=str(error))


def choose(protocol: Protocol, trials: int, seconds: float, name: str, split: int, journal: Journal) -> Params:
    """The setting with the best mean over the validation parts; what the journal tells is not tried again.

    Raises:
        CommonspaceError: If no setting could be fitted: the reason of the last one.
    """
    data = loaded(protocol, split)
    train = data.split("train")
    tried = candidates(name, DataFacts.of(train.views, train.labels), trials)
    done = [entry for entry in journal.of("tried") if entry["split"] == split]
    if not any(entry["kind"] == "chosen" and entry["split"] == split for entry in journal.entries):
        parts = list(folds(data))
        reason: CommonspaceError | None = None
        for params in tried[len(done) :]:
            if any("value" in entry for entry in done) and sum(entry["seconds"] for entry in done) >= seconds:
                break
            started = time.perf_counter()
            try:
                found = _tried(protocol, name, params, parts, [entry["values"] for entry in done if "value" in entry])
            except OF_THE_MACHINE:
                raise
            except CommonspaceError as error:
                found, reason = {"error": str(error)}, error
            spent = time.perf_counter() - started
            done.append(journal.add("tried", split=split, params=params, seconds=spent, **found))
        if not any("value" in entry for entry in done):
            raise reason or CommonspaceError(done[-1]["error"])
        journal.add("chosen", split=split, of=len(done), planned=len(tried))
    values = [entry.get("value", -np.inf) for entry in done]
    return tried[int(np.argmax(values))]


def measure(
    protocol: Protocol, name: str, params: Params, seed: int, split: int, folder: Path, journal: Journal
) -> None:
    """Fits on the training split, evaluates on test, and notes both."""
    data = prepared(loaded(protocol, split), params)
    started = time.perf_counter()
    space = _fitted(name, params, seed, data.split("train"), _own_validation(data))
    seconds = time.perf_counter() - started
    test = data.split("test")
    figures = evaluate_queries(space, test)
    report = summarise(space, test, figures).to_dict()
    arrays: dict[str, NDArray[Any]] = {}
    for direction, found in figures.items():
        kept: dict[str, NDArray[Any]] = {"item": found.item.astype(np.int32), "rank": found.rank.astype(np.float32)}
        if found.average_precision is not None and found.precision is not None:
            kept |= {"ap": found.average_precision.astype(np.float32), "precision": found.precision}
        arrays |= {f"{direction}/{key}": array for key, array in kept.items()}
    path = queries_path(folder, name, seed)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    journal.add("measured", seed=seed, params=params, fit_seconds=seconds, report=report)


@lru_cache(maxsize=2)
def loaded(protocol: Protocol, split: int) -> Dataset:
    """The data, once for each process."""
    return protocol.load(split)


def _tried(
    protocol: Protocol, name: str, params: Params, parts: list[tuple[Dataset, Dataset]], before: list[list[float]]
) -> dict[str, Any]:
    """What a setting comes to on each validation part, and the mean, unless it was given up on the way.

    It is given up once it is clearly behind the best of those `before` on the same parts.
    """
    best = max(before, key=np.mean, default=None)
    values: list[float] = []
    for seed, (fitted, held) in enumerate(parts):
        values.append(_validated(protocol, name, params, seed, fitted, held))
        if best is not None and np.mean(values) < BEHIND * np.mean(best[: len(values)]):
            return {"values": values}
    return {"value": float(np.mean(values)), "values": values}


def _validated(protocol: Protocol, name: str, params: Params, seed: int, fitted: Dataset, held: Dataset) -> float:
    """What a setting comes to on one validation part."""
    fitted, held = prepared(fitted, params), prepared(held, params)
    space = _fitted(name, params, seed, fitted, held if held.part == "validation" else None)
    return protocol.value(evaluate(space, held))


def _own_validation(data: Dataset) -> Dataset | None:
    """The validation split, if it was what the choice was made by."""
    (_, held), *_ = folds(data)
    return held if held.part == "validation" else None


def _fitted(name: str, params: Params, seed: int, train: Dataset, validation: Dataset | None) -> Space:
    """A deep space stops by the validation split, where there is one, else by a part of its own training items."""
    space = make(name, params, seed)
    time = train.time if space.tags.uses_time else None
    if isinstance(space, DeepSpace) and validation is not None:
        own = () if time is None or validation.time is None else (validation.time,)
        return space.fit(train.views, train.labels, time=time, validation=(validation.views, validation.labels, *own))
    return space.fit(train.views, train.labels, time=time)
