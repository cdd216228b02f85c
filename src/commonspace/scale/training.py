"""A deep space trained by several workers: Lightning on Ray Train, data parallel."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from commonspace import errors
from commonspace.data.partitions import Partitions
from commonspace.data.places import Place
from commonspace.errors import CommonspaceError, InputError, ParameterError, TrainingError
from commonspace.progress import progress
from commonspace.spaces import Space, load_space
from commonspace.spaces.persistence import CHECKPOINT

from .cluster import connected
from .job import FAILURE, begin, job_of

if TYPE_CHECKING:
    from commonspace.spaces.deep.base import DeepSpace

LOSSES = 16
"""How often a training is taken up again after workers were lost, before there is taken to be another reason."""
SPACE, RAY = "space", "ray"
PLACED = ("accelerator", "devices", "num_nodes", "plugins", "strategy")
"""What Lightning asks about devices and processes, of which a cluster decides."""


def train(
    space: DeepSpace,
    parts: Partitions,
    *,
    job: dict[str, Any],
    split: str | None,
    work: str | Path | None,
    workers: int,
    address: str | None,
) -> Space:
    """Trains a deep space by several processes, each with all items in memory; `fit` says the rest.

    With one worker the space is that of `space.fit` on one machine, to the last bit on the same kind of processor. With
    several it depends on how the method's loss sees a batch:

    - `Contrastive`, `Triplet`, `SAM`, `ACMR`, `Prototype` and `DCCA`: each batch is embedded by all workers together,
      every worker its share of the rows, and the loss is that of the whole batch: the gradient is the one of a single
      process, up to rounding. What is drawn for each row, by `dropout` and `noise`, is drawn otherwise.
    - The others: each worker takes every c-th batch of c workers, and their gradients are averaged: the training of one
      process that takes a step every c batches (`trainer_options={"accumulate_grad_batches": c}`), but for what is
      drawn, and for running means, which each worker keeps of its own batches.

    After each epoch the state is written to `work`. When a worker or its machine is lost, the workers are started
    anew, where there are processors for them, and go on from there.
    """
    if work is None:
        raise ParameterError(
            f"work: {type(space).__name__} is trained by workers that keep their state in a folder which every machine "
            "sees; expected its path, got None."
        )
    place = Place(work)
    if place.remote:
        raise ParameterError(f"work: a training keeps its state in a folder of a filesystem, got {place}.")
    if given := sorted(set(space.trainer_options or {}) & set(PLACED)):
        raise ParameterError(
            f"trainer_options: on a cluster Ray decides where processes run; expected none of {', '.join(PLACED)}, got "
            f"{', '.join(given)}. Leave it out; workers= says how many there are."
        )
    learning: DeepSpace = clone(space)
    if learning.random_state is None:
        learning.random_state = job_of(place).get("seed", int(np.random.SeedSequence().generate_state(1)[0]))
    begin(place, {**job, "seed": int(learning.random_state)})
    folder = Path(place.path)
    (folder / FAILURE).unlink(missing_ok=True)
    if not (folder / SPACE).is_dir():
        with connected(address) as ray, _told(type(space).__name__, folder / CHECKPOINT, learning.max_epochs):
            _run(ray, learning, parts, split, folder, workers)
    shutil.rmtree(folder / RAY, ignore_errors=True)
    _raise_failure(folder)
    return load_space(folder / SPACE).set_params(random_state=space.random_state)  # type: ignore[no-any-return]


def _run(ray: Any, space: DeepSpace, parts: Partitions, split: str | None, folder: Path, workers: int) -> None:
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    logging.getLogger("ray.train").setLevel(logging.CRITICAL)
    trainer = TorchTrainer(
        _work,
        train_loop_config={"space": space, "parts": parts, "split": split, "folder": folder},
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=ray.cluster_resources().get("GPU", 0) >= workers),
        run_config=RunConfig(name=RAY, storage_path=str(folder), failure_config=FailureConfig(max_failures=LOSSES)),
    )
    try:
        trainer.fit()
    except ray.train.TrainingFailedError as error:
        if (folder / FAILURE).exists():  # which says more
            return
        raise TrainingError(
            f"{type(space).__name__}: the workers failed {LOSSES} times; the last time: {error}. What was learnt until "
            f"then is in {folder}: the same call goes on from there."
        ) from error


def _work(config: dict[str, Any]) -> None:
    """What each worker does: the training of one machine, with the cluster as Lightning's strategy."""
    from ray import train as ray_train
    from ray.train.torch import get_device

    space, folder, context = config["space"], config["folder"], ray_train.get_context()
    if (folder / FAILURE).exists():
        return
    own = space.trainer_options
    try:
        data = config["parts"].load(split=config["split"], raw=False)
        space.trainer_options = {**(own or {}), **_trainer_options(get_device().type, context.get_world_size())}
        time = {"time": data.time} if space.tags.uses_time else {}
        space.fit(data.views, data.labels, **time, checkpoint=folder / CHECKPOINT, resume=True)
    except CommonspaceError as error:
        Place(folder).write(FAILURE, json.dumps([type(error).__name__, str(error)]).encode())
        raise  # the others may wait for this worker: Ray ends them all, and none begins again
    if context.get_world_rank() == 0:
        space.trainer_options = own
        space.save(folder / SPACE)


def _trainer_options(device: str, workers: int) -> dict[str, Any]:
    """For workers on the kind of device that Ray gave them, which need not be what the machine has."""
    options: dict[str, Any] = {"accelerator": "gpu" if device == "cuda" else device, "devices": 1}
    if workers > 1:
        from .lightning import RayEnvironment, RayStrategy

        options |= {"devices": "auto", "strategy": RayStrategy(), "plugins": [RayEnvironment()]}
    return options


def _raise_failure(folder: Path) -> None:
    """Raises what a worker raised."""
    if not (folder / FAILURE).exists():
        return
    name, message = json.loads((folder / FAILURE).read_text(encoding="utf-8"))
    kind = getattr(errors, name, InputError)
    raise (InputError if kind in (errors.UnknownNameError, errors.UnreadableItemsError) else kind)(message)


@contextmanager
def _told(name: str, checkpoint: Path, epochs: int) -> Iterator[None]:
    """Shows how far the workers are, by the state that they write after each epoch."""
    over, seen = Event(), set[int]()

    def look() -> None:
        while not over.wait(0.5):
            if checkpoint.exists() and (written := checkpoint.stat().st_mtime_ns) not in seen:
                seen.add(written)
                advance(1)

    with progress(name, epochs, "epochs") as advance:
        looking = Thread(target=look, daemon=True)
        looking.start()
        try:
            yield
        finally:
            over.set()
            looking.join()
