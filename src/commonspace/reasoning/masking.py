"""Words and regions that are hidden, for a model to tell what they were."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from .inputs import Inputs

MASK, SPECIAL = 103, (0, 101, 102)
"""MiniLM's token for a hidden word, and those that are never hidden: padding, beginning and end of a text."""

SHARE = 0.15
"""Of words, and of regions, that are to be told."""

OVERLAP = 0.4
"""A region that overlaps a hidden one by more is hidden too."""


@dataclass(frozen=True)
class MaskedInputs(Inputs):
    """Inputs of which some words and regions are hidden.

    Attributes:
        words: (n, l) the tokens to be told, -1 elsewhere.
        hidden: (n, r), which regions are to be told.
        features: (n, r, d) of all regions, as they were.
    """

    words: Tensor
    hidden: Tensor
    features: Tensor

    def to(self, device: torch.device) -> MaskedInputs:
        """The same on a device."""
        own = (part.to(device) for part in (self.words, self.hidden, self.features))
        return MaskedInputs(self.tokens.to(device), self.regions.to(device), self.first_box, *own)


def mask(inputs: Inputs, vocabulary: int, rng: np.random.Generator) -> MaskedInputs:
    """Hides words and regions.

    Of words 15 % are to be told; of these 80 % are replaced by a token that hides, 10 % by any other word, and 10 %
    stand. Of regions but the whole photo 15 %, and all that overlap one of these by more than .4, are to be told; the
    features of 90 % of them are 0.

    Args:
        inputs: As they are.
        vocabulary: Words there are.
        rng: For what is drawn.

    Source:
        J. Lu et al., ViLBERT, NeurIPS 2019; that overlapping regions are hidden too, 12-in-1, CVPR 2020.
    """
    numbers = inputs.tokens.numbers
    candidates = ~torch.isin(numbers, torch.tensor(SPECIAL))
    told = candidates & _draw(numbers.shape, SHARE, rng)
    how = torch.from_numpy(rng.random(numbers.shape))
    other = torch.from_numpy(rng.integers(0, vocabulary, numbers.shape))
    seen = torch.where(told & (how < 0.8), MASK, torch.where(told & (how >= 0.9), other, numbers))
    regions = inputs.regions
    movable = regions.real.clone()
    movable[:, 0] = False
    hidden = movable & _draw(movable.shape, SHARE, rng)
    hidden = hidden | (movable & ((_overlaps(regions.boxes) > OVERLAP) & hidden[:, None, :]).any(-1))
    zeroed = hidden & _draw(movable.shape, 0.9, rng)
    features = regions.features.masked_fill(zeroed[..., None], 0)
    return MaskedInputs(
        replace(inputs.tokens, numbers=seen),
        replace(regions, features=features),
        inputs.first_box,
        torch.where(told, numbers, -1),
        hidden,
        regions.features,
    )


def _draw(shape: tuple[int, ...], share: float, rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(rng.random(shape) < share)


def _overlaps(boxes: Tensor) -> Tensor:
    """(n, r, r) intersection over union of the regions of each photo."""
    a, b = boxes[:, :, None, :4], boxes[:, None, :, :4]
    sides = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    shared, area = sides.prod(-1), boxes[..., 4]
    return shared / (area[:, :, None] + area[:, None, :] - shared).clamp(min=1e-9)
