"""Which of several words, or of any items, are nearest to a question as time goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.errors import InputError
from commonspace.spaces import Space
from commonspace.spaces.temporal.instants import Clock, Times, numbers_of

from .checks import count
from .queries import name_of, one_modality, path_of, paths_of
from .trajectories import Neighbour, Trajectory, sweep_of


def neighbours_over_time(
    space: Space,
    data: Dataset,
    of: Mapping[str, Any],
    among: Mapping[str, Sequence[Any] | NDArray[Any]],
    times: int | Times = 21,
    *,
    k: int = 5,
) -> Trajectory:
    r"""Sweeps time with all contents fixed: which of the given words or items are nearest to a question at each one.

    Where `trajectory` looks among the items of a data set, each of which has its own time, this looks among contents
    without one, such as a vocabulary: question q and candidates c are embedded at the same instant, and the score is

    $$\cos(z_t(q), z_t(c)).$$

    So what changes is only what they mean. In a static space nothing does.

    Args:
        space: A fitted space.
        data: Items with times, over whose span to go; raw items are encoded by its encoders.
        of: A query, modality -> a raw item or a row of features.
        among: One modality -> the candidates, raw items or rows of features.
        times: Instants; or how many, evenly over the span of the data.
        k: How many neighbours at each instant.

    Returns:
        The path of the question, (T, d), and at each instant the nearest candidates. The id of one is its text, or its
        number among the candidates; its time is the instant. `window` is 0.

    Raises:
        InputError: If the data set has no times, an instant is unknown, or query or candidates are not as described.
        ParameterError: If a number is out of its range.
        UnknownNameError: If the space does not know a modality, or a raw item has no encoder.

    Example:
        ```python
        words = {"text": ["cavalry", "love", "robots", "soldiers", "submarines"]}
        neighbours_over_time(space, data, {"text": "war"}, words, [1930, 1960, 1990], k=2)
        ```
    """
    k = count("k", k)
    if data.time is None:
        raise InputError("time: the data set has none, and what happens over time was asked.")
    clock = Clock.of(*numbers_of(data.time))
    instants, outside = sweep_of(space, times, clock)
    modality, candidates = one_modality("among", among, "['love', 'soldiers']")
    if isinstance(candidates, str) or not len(candidates):
        raise InputError(f"among: {modality}: expected a list of candidates, got {candidates!r}.")
    path = path_of(space, data, of, instants, clock)
    scores = np.einsum("ntk,tk->nt", paths_of(space, data, modality, candidates, instants, clock), path)
    names = [item if isinstance(item, str) else str(i) for i, item in enumerate(candidates)]
    found = tuple(
        tuple(
            Neighbour(names[i], float(column[i]), clock.written(float(instant)), modality)
            for i in np.argsort(-column, kind="stable")[:k]
        )
        for instant, column in zip(instants, scores.T, strict=True)
    )
    return Trajectory(name_of(of), instants, path, found, outside, 0.0, clock)
