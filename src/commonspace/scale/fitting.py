"""Learning a space on a cluster: moments of the partitions put together, or a network trained by several workers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from commonspace.data.partitions import Partitions
from commonspace.data.places import Place
from commonspace.errors import InputError, ParameterError, StorageError
from commonspace.spaces import Space
from commonspace.spaces.deep.base import DeepSpace
from commonspace.spaces.linear.base import LinearSpace

from .cluster import check_workers, connected, run_tasks
from .job import begin, job_of
from .training import train

GROUP = 16
"""Partitions whose moments one task adds up: their moments are as large as some thousand items."""


def fit(
    space: Space,
    data: Partitions | str | Path,
    *,
    split: str | None = None,
    work: str | Path | None = None,
    workers: int | None = None,
    address: str | None = None,
) -> Space:
    """Learns a space on a cluster, from a data set in partitions.

    - **Linear spaces** (`CCA`, `MCCA`, `GCCA`, `PLS`, `CFA`): each task adds up the moments of some partitions by
      `partial_fit`, and the sums are put together in the order of the partitions, whichever was finished first. The
      moments are those of one machine that reads the same partitions by `partial_fit`, up to the rounding of float64.
      No machine holds more than a partition and the moments, d x d numbers for d columns in all.
    - **Deep spaces**: `workers` processes train one network by Lightning on Ray Train, see `commonspace.scale.train`;
      each holds all views to learn from in memory, so at a large scale they learn from a split that is a sample.

    Other spaces need all items at once, and learn on one machine: `space.fit(Partitions(path).load().views)`.

    Args:
        space: What learns, fitted or not; it is left as it is.
        data: What `encode` wrote.
        split: The split to learn from. None takes everything.
        work: A folder that keeps what is finished: sums of moments, or the state of a training after each epoch. The
            same call again, after a kill too, goes on from there. A deep space needs one that every machine sees. None
            keeps nothing.
        workers: Linear spaces: at most so many tasks at once, None for all processors. Deep spaces: so many processes
            train, each on a processor or GPU; None for one.
        address: Of the cluster, see `encode`.

    Returns:
        A fitted space.

    Raises:
        MissingPackageError: If Ray is not installed.
        ParameterError: If the space learns from all items at once, a parameter is out of its range, or a deep space is
            given no `work`.
        InputError: If the data are not as the space needs them, or no cluster answers at the address.
        StorageError: If the data or `work` cannot be read or written, or `work` is of another job.
        UnknownNameError: If there is no such split.

    Example:
        ```python
        space = scale.fit(CCA(n_components=64), "s3://photos/encoded", split="train", address="auto")
        ```
    """
    check_workers(workers)
    parts = data if isinstance(data, Partitions) else Partitions(data)
    job = {"space": told(space), "split": split, **identity(parts)}
    if isinstance(space, DeepSpace):
        return train(space, parts, job=job, split=split, work=work, workers=workers or 1, address=address)
    if not isinstance(space, LinearSpace):
        raise ParameterError(
            f"{type(space).__name__} learns from all items at once; on a cluster learn the linear and the deep spaces. "
            "On one machine: space.fit(Partitions(path).load().views, ...)."
        )
    learning: LinearSpace = clone(space)
    place = None if work is None else Place(work)
    if place is not None:
        begin(place, job)
    groups = range(-(-len(parts) // GROUP))
    with connected(address) as ray:
        sums = run_tasks(
            ray,
            add_up,
            (learning, parts, split, place),
            groups,
            description=f"{type(space).__name__}: moments",
            units=lambda group: sum(parts.description.items[n] for n in numbers_of(group, len(parts))),
            workers=workers,
        )
    for learnt in sums.values():
        if "moments_" in vars(learnt):
            learning.merge(learnt)
    if "moments_" not in vars(learning):
        raise InputError(f"{parts.place}: no item {'' if split is None else f'of split {split} '}to learn from.")
    _ = learning.n_components_  # what follows from the moments is computed here, and what they do not bear is told
    return learning


def told(space: Space) -> str:
    """A space's class and parameters, which tell it from another that has not learnt yet.

    Not what is passed on to Lightning, which may be an object that calls itself by its address.
    """
    params = {name: value for name, value in space.get_params().items() if name != "trainer_options"}
    return f"{type(space).__name__} {sorted(params.items())}"


def identity(parts: Partitions) -> dict[str, Any]:
    """What tells a data set in partitions from another."""
    return {"data": job_of(parts.place), "items": parts.items, "partitions": len(parts)}


def numbers_of(group: int, count: int) -> Sequence[int]:
    """The partitions of a group, of `count` in all."""
    return range(group * GROUP, min((group + 1) * GROUP, count))


def add_up(group: int, space: LinearSpace, parts: Partitions, split: str | None, place: Place | None) -> LinearSpace:
    """The space with the moments of the partitions of a group, which are kept where there is a place for them."""
    name = f"moments-{group:06d}.npz"
    learning: LinearSpace = clone(space)
    if place is not None and name in place.names():
        return _restore(learning, place, name)
    for number in numbers_of(group, len(parts)):
        data = parts.read(number, split=split, raw=False)
        if len(data):
            learning.partial_fit(data.views)
    if place is not None and "moments_" in vars(learning):  # nothing learnt is nothing to keep
        place.write(name, _packed(learning))
    return learning


def _packed(space: LinearSpace) -> bytes:
    """What was learnt so far as the bytes of an .npz file: the moments, and as JSON what they are of."""
    learnt, numbers = vars(space), []
    arrays: dict[str, Any] = {}
    for i, moments in enumerate(learnt.get("moments_", ())):
        arrays |= {f"mean{i}": moments["mean"], f"scatter{i}": moments["scatter"]}
        numbers.append({name: moments[name] for name in ("dims", "n", "eps")})
    seen = {"modalities": learnt.get("modalities_"), "dims": learnt.get("dims_"), "moments": numbers}
    buffer = io.BytesIO()
    np.savez(buffer, seen=np.array(json.dumps(seen)), **arrays)
    return buffer.getvalue()


def _restore(space: LinearSpace, place: Place, name: str) -> LinearSpace:
    """The inverse of `_packed`."""
    try:
        with np.load(io.BytesIO(place.read(name)), allow_pickle=False) as file:
            seen = json.loads(str(file["seen"]))
            moments = [
                {**numbers, "mean": file[f"mean{i}"], "scatter": np.asfortranarray(file[f"scatter{i}"])}
                for i, numbers in enumerate(seen["moments"])
            ]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise StorageError(f"{place}/{name} is damaged ({error}); delete it.") from error
    if seen["modalities"] is not None:
        space.modalities_, space.dims_, space.moments_ = tuple(seen["modalities"]), seen["dims"], moments
    return space
