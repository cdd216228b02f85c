"""Regions of photos: boxes, where they are, and what of feature maps lies in them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

POSITION = 5
"""Numbers that tell where a region is: left, top, right, bottom, and its share of the area, each from 0 to 1."""


@dataclass(frozen=True)
class Regions:
    """Regions of photos, the whole photo first.

    Attributes:
        features: (n, r, d).
        boxes: (n, r, 5) as shares of the photo: left, top, right, bottom, area.
        real: (n, r), which of them are there.
    """

    features: Tensor
    boxes: Tensor
    real: Tensor

    def to(self, device: torch.device) -> Regions:
        """The same on a device."""
        return Regions(self.features.to(device), self.boxes.to(device), self.real.to(device))


def positions(boxes: Tensor) -> Tensor:
    """(..., 4) boxes as shares of the photo -> (..., 5), their share of the area beside."""
    sides = boxes[..., 2:] - boxes[..., :2]
    return torch.cat([boxes, sides.prod(-1, keepdim=True)], -1)


def grid_boxes(cells: int) -> Tensor:
    """(1 + cells^2, 4): the whole photo, then the cells of a grid over it, row by row."""
    edges = torch.arange(cells + 1) / cells
    top, left = (grid.flatten() for grid in torch.meshgrid(edges[:-1], edges[:-1], indexing="ij"))
    bottom, right = (grid.flatten() for grid in torch.meshgrid(edges[1:], edges[1:], indexing="ij"))
    whole = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    return torch.cat([whole, torch.stack([left, top, right, bottom], -1)])


def pool_boxes(maps: Tensor, boxes: Tensor, bins: int = 1) -> Tensor:
    """The mean of a feature map over boxes, or over bins of them, each cell by how much of it lies within.

    A map is taken to be constant within a cell, so the mean is exact, whatever the box: no point is sampled. A box
    without width or height is given a thousandth of the photo.

    Args:
        maps: (n, h, w, c).
        boxes: (n, r, 4) left, top, right, bottom as shares of the photo, from 0 to 1.
        bins: In each direction.

    Returns:
        (n, r, bins^2 * c), bins from left to right and top to bottom.

    Source:
        The idea is that of RoI pooling, R. Girshick, Fast R-CNN, ICCV 2015; the exact mean is that of B. Jiang et al.,
        Acquisition of localization confidence for accurate object detection, ECCV 2018, of maps constant in each cell.
    """
    across = _shares(boxes[..., 0], boxes[..., 2], maps.shape[2], bins)
    down = _shares(boxes[..., 1], boxes[..., 3], maps.shape[1], bins)
    return torch.einsum("nrih,nrjw,nhwc->nrijc", down, across, maps).flatten(2)


def _shares(begin: Tensor, end: Tensor, cells: int, bins: int) -> Tensor:
    """(n, r, bins, cells): the share of each cell in each bin; rows sum to 1."""
    length = (end - begin).clamp(min=1e-3)
    begin = torch.minimum(begin, 1 - length)
    inner = torch.arange(bins + 1, device=begin.device) / bins
    bounds = begin[..., None] + length[..., None] * inner
    edges = torch.arange(cells + 1, device=begin.device) / cells
    low = torch.maximum(bounds[..., :-1, None], edges[:-1])
    high = torch.minimum(bounds[..., 1:, None], edges[1:])
    covered = (high - low).clamp(min=0)
    return covered / covered.sum(-1, keepdim=True)
