"""Items of several modalities as tensors, and the batches drawn from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Some items, one part of each drawn; a modality has a row for each item that has it.

    Attributes:
        views: Modality -> (b_m, d).
        slots: Modality -> (b_m,) which item of the batch each row belongs to.
        item: (b,) the number of each item among all.
        targets: (b, c) of 0 and 1, a row of zeros where an item is unlabelled; None where no labels are used.
        epoch: The epoch, from 0.
        progress: The share of the training that is done, from 0 to 1.
    """

    views: dict[str, Tensor]
    slots: dict[str, Tensor]
    item: Tensor
    targets: Tensor | None = None
    epoch: int = 0
    progress: float = 0.0

    def __len__(self) -> int:
        return len(self.item)

    def items_of(self, modality: str) -> Tensor:
        """(b_m,) the number of the item that each row belongs to."""
        return self.item[self.slots[modality]]

    def targets_of(self, modality: str) -> Tensor | None:
        """(b_m, c) the targets of each row."""
        return None if self.targets is None else self.targets[self.slots[modality]]

    def pairs(self, first: str, second: str) -> tuple[Tensor, Tensor]:
        """Positions of the rows of two modalities that belong to the same items, in the same order."""
        a, b = self.slots[first], self.slots[second]
        if len(a) == len(b) == len(self):
            return a, b  # nothing is missing: rows are in the order of the items
        position = torch.full((len(self),), -1, device=b.device).scatter(0, b, torch.arange(len(b), device=b.device))
        shared = position[a] >= 0
        return shared.nonzero()[:, 0], position[a][shared]

    def complete(self) -> dict[str, Tensor]:
        """Modality -> positions of the rows of the items that have every modality, in the same order."""
        rows = {m: torch.arange(len(slots), device=slots.device) for m, slots in self.slots.items()}
        if all(len(slots) == len(self) for slots in self.slots.values()):
            return rows
        having = torch.stack([torch.bincount(slots, minlength=len(self)) for slots in self.slots.values()])
        everything = having.all(0)
        return {m: rows[m][everything[slots]] for m, slots in self.slots.items()}

    def dense(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Views with a row for each item, of zeros where it lacks the modality, and masks of the items that have it.

        Returns:
            Modality -> (b, d), and modality -> (b,) bool.
        """
        views, present = {}, {}
        for m, x in self.views.items():
            views[m] = x.new_zeros(len(self), x.shape[1]).index_copy(0, self.slots[m], x)
            present[m] = torch.zeros(len(self), dtype=torch.bool, device=x.device).index_fill(0, self.slots[m], True)
        return views, present

    def to(self, device: torch.device | str) -> Self:
        """The same on another device."""

        def moved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
            return {m: x.to(device) for m, x in tensors.items()}

        targets = None if self.targets is None else self.targets.to(device)
        return type(self)(
            moved(self.views), moved(self.slots), self.item.to(device), targets, self.epoch, self.progress
        )


class Items:
    """All items that a network learns from.

    Args:
        views: Modality -> (n, d) or (n, r, d), rows of NaN where an item lacks the modality or a part.
        targets: (n, c) of 0 and 1, or None.
        number: (n,) the number of each item, where these are some of more. None counts from 0.
    """

    def __init__(
        self,
        views: Mapping[str, NDArray[Any]],
        targets: NDArray[Any] | None = None,
        number: NDArray[np.int64] | None = None,
    ) -> None:
        self.views: dict[str, Tensor] = {}
        self.counts: dict[str, Tensor] = {}
        for modality, view in views.items():
            parts = np.asarray(view, np.float32).reshape(len(view), -1, view.shape[-1])
            there = ~np.isnan(parts[..., 0])
            if not there.all():
                order = np.argsort(~there, axis=1, kind="stable")  # parts that are there come first
                parts = np.nan_to_num(np.take_along_axis(parts, order[..., None], axis=1))
            self.views[modality] = torch.from_numpy(np.ascontiguousarray(parts))
            self.counts[modality] = torch.from_numpy(there.sum(1))
        self.targets = None if targets is None else torch.from_numpy(np.asarray(targets, np.float32))
        n = len(next(iter(self.views.values())))
        self.number = torch.arange(n) if number is None else torch.from_numpy(np.asarray(number, np.int64))

    def __len__(self) -> int:
        return len(self.number)

    def rows(self, modality: str) -> Tensor:
        """(rows, d) every part that is there of every item."""
        parts, counts = self.views[modality], self.counts[modality]
        return parts[torch.arange(parts.shape[1]) < counts[:, None]]

    def draw(self, index: Tensor, generator: torch.Generator, epoch: int = 0, progress: float = 0.0) -> Batch:
        """A batch of the items at `index`; of an item with several parts one is drawn, each as likely.

        Args:
            index: (b,) positions.
            generator: What the draw depends on.
            epoch: Kept in the batch.
            progress: Kept in the batch.
        """
        views, slots = {}, {}
        for modality, parts in self.views.items():
            counts = self.counts[modality][index]
            rows, slot = index, torch.arange(len(index))
            if not counts.all():
                slot = counts.nonzero()[:, 0]
                rows, counts = index[slot], counts[slot]
            if parts.shape[1] == 1:
                views[modality] = parts[rows, 0]
            else:
                part = (torch.rand(len(rows), generator=generator) * counts).long()
                views[modality] = parts[rows, part]
            slots[modality] = slot
        targets = None if self.targets is None else self.targets[index]
        return Batch(views, slots, self.number[index], targets, epoch, progress)
