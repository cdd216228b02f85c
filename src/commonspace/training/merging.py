"""Ways to merge what networks of several modalities say of an item."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Merge(nn.Module, ABC):
    """Merges the outputs of M modalities, of which an item may lack some.

    Args:
        modalities: M.
        width: k, the number of outputs.
    """

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__()
        self.modalities, self.width = modalities, width

    @abstractmethod
    def forward(self, outputs: Tensor, present: Tensor) -> Tensor:
        """(n, M, k) outputs and (n, M) bool, each item having one or more -> (n, k)."""


class Sum(Merge):
    """The sum over the modalities that are there, divided by their number."""

    def forward(self, outputs: Tensor, present: Tensor) -> Tensor:
        """See `Merge`."""
        there = present[..., None]
        return (outputs * there).sum(1) / there.sum(1)


class Concat(Merge):
    """A linear map of all outputs side by side, with zeros for what is absent."""

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__(modalities, width)
        self.linear = nn.Linear(modalities * width, width)

    def forward(self, outputs: Tensor, present: Tensor) -> Tensor:
        """See `Merge`."""
        merged: Tensor = self.linear((outputs * present[..., None]).flatten(1))
        return merged


class Gated(Merge):
    """A weighted mean whose weights depend on the outputs: softmax over the modalities that are there of v' tanh(h)."""

    def __init__(self, modalities: int, width: int) -> None:
        super().__init__(modalities, width)
        self.gates = nn.Parameter(torch.zeros(modalities, width))

    def forward(self, outputs: Tensor, present: Tensor) -> Tensor:
        """See `Merge`."""
        scores = (outputs.tanh() * self.gates).sum(-1).masked_fill(~present, -torch.inf)
        return (outputs * scores.softmax(1)[..., None]).sum(1)


MERGES: dict[str, type[Merge]] = {"sum": Sum, "concat": Concat, "gated": Gated}
"""Name -> way."""
