"""In which order items come: how an epoch is parted into batches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Order = list[NDArray[np.int64]]
"""The positions of the items in each batch of an epoch."""


def shuffled(n: int, batch_size: int, rng: np.random.Generator) -> Order:
    """Every item once, in random order; batches differ in size by one at most, so that none is tiny.

    What is drawn are items with all their modalities, so pairs come whole: this is the sampler of pairs.
    """
    return np.array_split(rng.permutation(n), count_batches(n, batch_size))


def class_balanced(targets: NDArray[Any], batch_size: int, per_class: int, rng: np.random.Generator) -> Order:
    """Batches of as many items of each class as of every other, so that class statistics of a batch mean something.

    Each batch takes batch_size / per_class classes in turn and `per_class` items of each. Classes come round equally
    often; within a class the items come in random order and begin anew when all have been, so that items of small
    classes come more often. Unlabelled items do not come.

    Args:
        targets: (n, c) of 0 and 1; an item of several classes may be drawn for each of them.
        batch_size: The number of items in a batch.
        per_class: The number of items of a class.
        rng: What the draw depends on.
    """
    members = [np.flatnonzero(column) for column in np.asarray(targets).T]
    members = [rows for rows in members if len(rows)]
    classes = min(max(1, batch_size // per_class), len(members))
    queues = [_endless(rows, rng) for rows in members]
    turns = _endless(np.arange(len(members)), rng)
    batches, passed = [], list[int]()
    for _ in range(count_batches(int(np.any(targets, axis=1).sum()), classes * per_class)):
        chosen, passed = passed[:classes], passed[classes:]
        while len(chosen) < classes:
            turn = next(turns)
            (passed if turn in chosen else chosen).append(turn)  # those that were passed over come first next time
        batches.append(np.array([next(queues[c]) for c in chosen for _ in range(per_class)], np.int64))
    return batches


def count_batches(n: int, batch_size: int) -> int:
    """How many batches n items make: at least one, of about `batch_size`."""
    return max(1, round(n / batch_size))


def _endless(values: NDArray[np.int64], rng: np.random.Generator) -> Any:
    """The values in random order, again and again."""
    while True:
        yield from rng.permutation(values).tolist()
