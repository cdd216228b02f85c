"""The examples of a task, batch after batch, and that no photo is both learnt from and tested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from commonspace.errors import InputError, ParameterError, UnknownNameError

from .photos import Photos
from .tasks import Task

E = TypeVar("E")


@dataclass(frozen=True)
class TaskData(Generic[E]):
    """What a task learns from, and what it is measured by.

    Attributes:
        train: Examples to learn from.
        validation: Examples by which it is told whether it gets better.
        test: Examples that are kept for the end: no task may learn from their photos.
        batch_size: Examples in a batch.
        learning_rate: Of this task.
    """

    train: Sequence[E]
    validation: Sequence[E]
    test: Sequence[E] = ()
    batch_size: int = 64
    learning_rate: float = 1e-4

    def __post_init__(self) -> None:
        if not len(self.train) or self.batch_size < 1 or self.learning_rate <= 0:
            raise ParameterError(
                f"task: expected examples to learn from, a batch size of 1 or more and a learning rate above 0, got "
                f"{len(self.train)}, {self.batch_size} and {self.learning_rate}."
            )

    @property
    def batches(self) -> int:
        """In an epoch of the task; what is left over at its end is dropped, unless it is all there is."""
        return max(1, len(self.train) // self.batch_size)

    def batch(self, drawn: int, seed: Sequence[int]) -> list[E]:
        """The next batch after so many, in an order that follows from the seed and the epoch alone."""
        epoch, position = divmod(drawn, self.batches)
        order = np.random.default_rng((*seed, epoch)).permutation(len(self.train))
        return [self.train[i] for i in order[position * self.batch_size : (position + 1) * self.batch_size]]


def clean(
    data: Mapping[str, TaskData[Any]], tasks: Mapping[str, Task[Any]], photos: Photos
) -> tuple[dict[str, TaskData[Any]], dict[str, int]]:
    """Takes from all training sets what is about a photo that any task is measured by, told by content.

    Args:
        data: Name of a task -> its examples.
        tasks: Name -> task.
        photos: They are about.

    Returns:
        The examples that are left, and name -> how many were taken.

    Raises:
        InputError: If a task is left without examples to learn from.
        UnknownNameError: If a photo is not among the photos.

    Example:
        ```python
        from commonspace.reasoning import CoAttentionConfig
        from commonspace.reasoning.tasks import Caption, CaptionRetrieval

        captions = [Caption("dog.jpg", "a brown dog", ("a cat",)), Caption("bus.jpg", "a red bus", ("a car",))]
        data = {"captions": TaskData(train=captions, validation=captions[:1])}
        photos = Photos({"dog.jpg": "dog.jpg", "bus.jpg": "bus.jpg"})
        left, taken = clean(data, {"captions": CaptionRetrieval(CoAttentionConfig())}, photos)
        assert taken == {"captions": 1}  # the dog is measured by
        ```
    """
    held = _held(data, tasks, photos)
    left, taken = {}, {}
    for name, of in data.items():
        kept = [e for e in of.train if not _digests(tasks[name], e, photos) & held]
        if not kept:
            raise InputError(f"task {name}: all its {len(of.train)} examples are about photos that are measured by.")
        left[name], taken[name] = replace(of, train=kept), len(of.train) - len(kept)
    return left, taken


def check_apart(data: Mapping[str, TaskData[Any]], tasks: Mapping[str, Task[Any]], photos: Photos) -> None:
    """Refuses to learn from a photo that any task is measured by, on validation or test.

    Args:
        data: Name of a task -> its examples.
        tasks: Name -> task.
        photos: They are about.

    Raises:
        InputError: If there is one; it names task and photo.
        UnknownNameError: If a photo is not among the photos.
    """
    held = _held(data, tasks, photos)
    for name, of in data.items():
        for example in of.train:
            if _digests(tasks[name], example, photos) & held:
                shared = [p for p in tasks[name].photos(example) if photos.digests[p] in held]
                raise InputError(
                    f"task {name}: photo {shared[0]} is learnt from, and stands in the validation or test examples of "
                    "a task; split by photo, or take such examples out with clean()."
                )


def _held(data: Mapping[str, TaskData[Any]], tasks: Mapping[str, Task[Any]], photos: Photos) -> set[bytes]:
    return {
        digest
        for name, of in data.items()
        for example in (*of.validation, *of.test)
        for digest in _digests(tasks[name], example, photos)
    }


def _digests(task: Task[Any], example: Any, photos: Photos) -> set[bytes]:
    names = task.photos(example)
    if unknown := [name for name in names if name not in photos]:
        raise UnknownNameError("photo", unknown[0], list(photos)[:10])
    return {photos.digests[name] for name in names}
