"""What makes two numbers comparable: a data set, how it is split, and what is chosen by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from commonspace.catalogue import CATALOGUE, load_dataset
from commonspace.data import Dataset
from commonspace.errors import InputError
from commonspace.evaluation import Report

FOLDS, HELD_OUT = 3, 0.2
Goal = Literal["map", "recall"]


@dataclass(frozen=True)
class Protocol:
    """A data set and what is measured on it.

    Attributes:
        dataset: A name of the catalogue or a path.
        goal: What parameters are chosen by: "map", the mean mAP@all by label, or "recall", the mean of Recall@1, 5 and
            10, each over all directions.
        name: The protocol of a named data set; None is its default.
        root: Where the files of a named data set lie.
        encoders: Pairs of a modality and the name of an encoder; the data set's own where none is named.
        resplits: Whether each seed has a split of its own.
    """

    dataset: str
    goal: Goal
    name: str | None = None
    root: Path | None = None
    encoders: tuple[tuple[str, str], ...] = ()
    resplits: bool = False

    def load(self, seed: int = 0) -> Dataset:
        """The data set, split by the seed where each has a split of its own."""
        options: dict[str, Any] = {"seed": seed} if self.resplits else {}
        return load_dataset(self.dataset, root=self.root, protocol=self.name, encoders=dict(self.encoders), **options)

    def value(self, report: Report) -> float:
        """What of a report is to be as large as possible."""
        if self.goal == "map":
            return float(np.mean(list(report.map.values())))
        return float(np.mean([list(at.values()) for at in report.recall.values()]))


def find_protocol(
    dataset: str, *, root: Path | None = None, name: str | None = None, encoders: Mapping[str, str] | None = None
) -> Protocol:
    """The protocol of a data set: of a named one as it is customary, of any other by its labels, if it has some.

    Args:
        dataset: A name of the catalogue or a path.
        root: Where the files of a named data set lie.
        name: The protocol of a named data set that has several.
        encoders: Modality -> the name of an encoder.

    Raises:
        InputError: If the data set has no splits "train" and "test".

    Examples:
        >>> find_protocol("flickr8k").goal, find_protocol("nus-wide-10k").goal
        ('recall', 'map')
    """
    resplits = dataset == "emoji"
    if dataset in ("emoji", "flickr8k"):
        goal: Goal = "recall"
    elif dataset in CATALOGUE:
        goal = "map"
    else:
        data = load_dataset(dataset)
        goal = "recall" if data.labels is None else "map"
        if missing := {"train", "test"} - set(data.splits):
            raise InputError(
                f"bench {dataset}: expected splits train and test, there is no {' and no '.join(sorted(missing))}; "
                f"it has {', '.join(data.splits) or 'no splits'}. commonspace encode --holdout 0.2 makes them."
            )
    return Protocol(dataset, goal, name, root, tuple((encoders or {}).items()), resplits)


def folds(data: Dataset) -> Iterator[tuple[Dataset, Dataset]]:
    """Parts to fit on and parts to choose by, out of everything but the test split.

    The validation split where there is one; else three random fifths of the training split, with each of which the
    rest is fitted.
    """
    train = data.split("train")
    if "validation" in data.splits and len(data.split("validation")) >= len(train) * HELD_OUT / 2:
        pairs = iter([(train, data.split("validation"))])
    else:
        pairs = (train.holdout(HELD_OUT, seed=seed) for seed in range(FOLDS))
    for fitted, held in pairs:
        refuse_test(data, fitted, held)
        yield fitted, held


def refuse_test(data: Dataset, *parts: Dataset) -> None:
    """Stops a choice that would be made on items of the test split.

    Raises:
        InputError: If one of the parts holds such an item.
    """
    test = set(data.split("test").ids)
    for part in parts:
        if shared := test.intersection(part.ids):
            raise InputError(
                f"bench {data.name}: parameters are chosen on validation, and {len(shared)} items of the part that "
                f"was given belong to the test split, {str(min(shared))!r} first."
            )
