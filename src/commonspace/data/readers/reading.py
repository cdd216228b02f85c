"""What a reader found: items with what is known about them, where each came from, and what could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.dataset import Dataset
from commonspace.data.encoding import Encoder, ViewCache
from commonspace.data.problems import Problem
from commonspace.errors import InputError

_TOLD = 5


@dataclass(frozen=True)
class Reading:
    """What a reader found. Everything is aligned by item, as in `Dataset`; nothing is encoded or decoded yet.

    Attributes:
        name: The file or folder it was read from.
        items: Modality -> n raw items (a path, bytes or text; a list where an item has several parts; None where
            absent), or the features themselves, (n, d) or (n, r, d).
        ids: n distinct identifiers.
        labels: n labels, None for unlabelled; or (n, c) 0/1 where items have several.
        label_names: The c names, for (n, c) labels.
        time: n numbers with None where unknown, or datetime64 with NaT.
        split: n names of splits, None for items in none.
        groups: n names; items of one group stay together in `Dataset.holdout`.
        metadata: Field -> n values.
        columns: Role ("image", "text", "id", "label", ...) -> the column, files or folders it was taken from,
            whether named by the user or guessed.
        problems: What could not be used.
    """

    name: str
    items: Mapping[str, list[Any] | NDArray[Any]]
    ids: list[str]
    labels: list[Any] | NDArray[Any] | None = None
    label_names: tuple[str, ...] | None = None
    time: list[Any] | NDArray[Any] | None = None
    split: list[str | None] | None = None
    groups: list[str | None] | None = None
    metadata: Mapping[str, list[Any]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[Problem] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def to_dataset(
        self,
        *,
        encoders: Mapping[str, Encoder],
        cache: ViewCache | None = None,
        name: str,
        protocol: str = "custom",
        strict: bool = False,
    ) -> Dataset:
        """The data set of these items.

        Args:
            encoders: Modality -> encoder. Those of other modalities are left out, and those whose rows are not as
                long as the features where a modality came as features.
            cache: Where encoded rows are kept.
            name: What reports call the data set.
            protocol: What reports call the split and the rule of relevance.
            strict: Whether an item that cannot be encoded is an error.

        Raises:
            InputError: If a metadata field cannot be held.
        """
        return Dataset(
            self.items,
            ids=self.ids,
            labels=self.labels,
            label_names=self.label_names,
            time=self.time,
            split=self.split,
            groups=self.groups,
            metadata=self.metadata,
            encoders={m: e for m, e in encoders.items() if m in self.items and _fits(e, self.items[m])},
            cache=cache,
            name=name,
            protocol=protocol,
            strict=strict,
            problems=self.problems,
            columns=self.columns,
        )


def checked(reading: Reading, *, strict: bool) -> Reading:
    """The reading, if there is something in it and, where `strict`, nothing was left out.

    Raises:
        InputError: Otherwise; the message tells the first problems.
    """
    problems = reading.problems
    told = " ".join(str(problem) for problem in problems[:_TOLD])
    more = f" And {len(problems) - _TOLD} more." if len(problems) > _TOLD else ""
    if not len(reading):
        raise InputError(f"{reading.name}: no item could be read. {told or 'It holds no rows.'}{more}")
    if strict and problems:
        raise InputError(
            f"{reading.name}: {len(problems)} problem{'s' if len(problems) > 1 else ''}: {told}{more} "
            "Mend them, or read without strict, which leaves them out."
        )
    return reading


def _fits(encoder: Encoder, items: list[Any] | NDArray[Any]) -> bool:
    return not isinstance(items, np.ndarray) or encoder.dim == items.shape[-1]
