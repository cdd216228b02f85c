"""The batches of an epoch, the same ones for the same seed and epoch whatever came before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from .items import Batch, Items
from .order import Order, class_balanced, shuffled
from .processes import ranks


class Batches:
    """What the trainer iterates over: one epoch of batches, made by index from tensors in memory.

    Args:
        items: The items.
        batch_size: About how many items a batch has.
        max_epochs: How many epochs the whole training has.
        seed: Order and parts follow from it and the epoch, so that a resumed run sees what it would have seen.
        per_class: Items of a class in a batch of balanced classes; None draws without regard to classes.

    Attributes:
        shared: Whether processes that train together are all given every batch, to embed it together; else each is
            given its share of the batches.
    """

    shared = False

    def __init__(self, items: Items, batch_size: int, max_epochs: int, seed: int, per_class: int | None = None) -> None:
        self.items, self.batch_size, self.max_epochs = items, batch_size, max_epochs
        self.seed, self.per_class, self.epoch = seed, per_class, 0
        self.sampler = self  # the trainer calls sampler.set_epoch

    def set_epoch(self, epoch: int) -> None:
        """The epoch that comes next, from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return max(1, len(self._order()) // self._ranks()[1])

    def __iter__(self) -> Iterator[Batch]:
        order, generator = self._order(), torch.Generator().manual_seed(seed_of(self.seed, self.epoch, 1))
        rank, count = self._ranks()
        share = max(1, len(order) // count)
        mine = order[rank::count] or order[:1]  # of several processes each takes its share, all as many batches
        for i, index in enumerate(mine[:share]):
            progress = (self.epoch + i / share) / self.max_epochs
            yield self.items.draw(torch.from_numpy(index), generator, self.epoch, progress)

    def _ranks(self) -> tuple[int, int]:
        return (0, 1) if self.shared else ranks()

    def _order(self) -> Order:
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.per_class is None or self.items.targets is None:
            return shuffled(len(self.items), self.batch_size, rng)
        return class_balanced(self.items.targets.numpy(), self.batch_size, self.per_class, rng)


def seed_of(*numbers: int) -> int:
    """One seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))
