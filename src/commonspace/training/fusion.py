"""Networks that make one code of whatever modalities an item has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from .items import Batch
from .network import Network


class JointNetwork(Network):
    """A network over several modalities whose code is the item's, not a modality's."""

    @abstractmethod
    def fuse(self, views: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """The code of each item.

        Args:
            views: Modality -> (n, d), for every modality; rows of zeros where an item lacks it.
            present: (n, M) bool, in the order of the modalities; each item has one or more.

        Returns:
            (n, k).
        """

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """The code of items that have one modality alone."""
        views = {m: x if m == modality else x.new_zeros(len(x), d) for m, d in self.dims.items()}
        alone = torch.tensor([m == modality for m in self.dims], device=x.device)
        return self.fuse(views, alone.expand(len(x), -1))

    def dense(self, batch: Batch) -> tuple[dict[str, Tensor], Tensor]:
        """A batch as `fuse` wants it."""
        views, present = batch.dense()
        return {m: views[m] for m in self.dims}, torch.stack([present[m] for m in self.dims], 1)


def subsets(present: Tensor, *, random: bool) -> Tensor:
    """What is left of items when modalities are hidden: all they have, and each modality alone.

    Args:
        present: (n, M) bool.
        random: With three or more modalities, also leave each item a random part of what it has.

    Returns:
        (S, n, M) bool; an item that lacks what is left has nothing there.
    """
    n, M = present.shape
    alone = torch.eye(M, dtype=torch.bool, device=present.device)[:, None].expand(M, n, M)
    patterns = torch.cat([present[None], alone & present])
    if not random or M < 3:
        return patterns
    drawn = present & (torch.rand(n, M, device=present.device) < 0.5)
    drawn = torch.where(drawn.any(1, keepdim=True), drawn, present)
    return torch.cat([patterns, drawn[None]])


@dataclass(frozen=True)
class Hidden:
    """Items of which modalities are hidden in several ways, one way after another.

    Attributes:
        item: (rows,) which item of the batch each row is.
        views: Modality -> (rows, d), of zeros where a row does not show it.
        shown: (rows, M) bool, what each row shows; one modality or more.
    """

    item: Tensor
    views: dict[str, Tensor]
    shown: Tensor

    @classmethod
    def of(cls, views: Mapping[str, Tensor], present: Tensor, ways: Tensor) -> Self:
        """Items of (n, d) views that have `present`, (n, M), in ways (S, n, M), such as those of `subsets`."""
        shown = ways.flatten(0, 1)
        rows = shown.any(1).nonzero()[:, 0]
        item, shown = rows % len(present), shown[rows]
        return cls(
            item, {m: x[item] * there[:, None] for (m, x), there in zip(views.items(), shown.T, strict=True)}, shown
        )
