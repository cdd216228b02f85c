"""Codes whose columns are brought to one scale by what the training items have."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from .embedding import BLOCK
from .items import Items
from .layers import ByModality
from .network import Network

Kind = Literal["none", "z-score", "min-max"]


class Scaling(nn.Module):
    """Takes off and divides by what was found in the rows it was fitted to.

    Args:
        width: The number of columns.
        kind: "z-score" gives mean 0 and variance 1, "min-max" 0 to 1, other rows cut off; "none" does nothing.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, width: int, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        if kind != "none":
            self.register_buffer("shift", torch.zeros(width))
            self.register_buffer("scale", torch.ones(width))

    def fit(self, rows: Tensor) -> None:
        """Finds the scales of (n, width) rows; a column that does not vary keeps its own."""
        if self.kind == "none" or not len(rows):
            return
        low = rows.mean(0) if self.kind == "z-score" else rows.amin(0)
        spread = rows.std(0, correction=0) if self.kind == "z-score" else rows.amax(0) - low
        self.shift.copy_(low)
        self.scale.copy_(torch.where(spread > 1e-6, spread, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, width) scaled."""
        if self.kind == "none":
            return x
        scaled = (x - self.shift) / self.scale
        return scaled.clamp(0, 1) if self.kind == "min-max" else scaled


class ScaledNetwork(Network):
    """A network whose embeddings are codes, scaled by what the codes of the training items are.

    Args:
        dims: Modality -> the number of its columns.
        widths: Modality -> the length of its code.
        scaling: How codes are scaled; see `Scaling`.
    """

    def __init__(self, dims: Mapping[str, int], widths: Mapping[str, int], scaling: Kind = "none") -> None:
        super().__init__(dims, max(widths.values()))
        self.widths = dict(widths)
        self.scaling = ByModality({m: Scaling(width, scaling) for m, width in widths.items()})
        self._scales = scaling != "none"

    @abstractmethod
    def code(self, modality: str, x: Tensor) -> Tensor:
        """(n, d) rows of one modality -> (n, width), as they are."""

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """The code, scaled."""
        scaled: Tensor = self.scaling(modality, self.code(modality, x))
        return scaled

    def settle(self, items: Items) -> None:
        """Finds the scales of the codes of all items."""
        if not self._scales:
            return
        device = next(self.parameters()).device
        with torch.no_grad():
            for m in self.dims:
                scaling, blocks = self.scaling.of(m), torch.split(items.rows(m), BLOCK)
                assert isinstance(scaling, Scaling)
                scaling.fit(torch.cat([self.code(m, rows.to(device)) for rows in blocks]))
