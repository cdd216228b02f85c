"""Which box a phrase refers to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError
from commonspace.metrics.boxes import intersection_over_union
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.inputs import Box, Inputs, Pair
from commonspace.reasoning.model import States
from commonspace.reasoning.photos import check_boxes

from .base import Outcome, Task, scalar

ENOUGH = 0.5
"""Overlap beyond which a box is right."""


@dataclass(frozen=True)
class Reference:
    """A phrase, and the boxes among which the right one is chosen.

    Attributes:
        photo: Its name.
        phrase: The words.
        boxes: The candidates, at least one.
        box: The right box, which need not be among them.
    """

    photo: str
    phrase: str
    boxes: tuple[Box, ...]
    box: Box

    @property
    def overlaps(self) -> NDArray[np.float64]:
        """(boxes,), the overlap of each candidate with the right box, as intersection over union."""
        return np.asarray(intersection_over_union(self.boxes, [self.box])[:, 0])


class Referring(Task[Reference]):
    r"""Chooses a box for a phrase.

    The head is a linear layer of the final state of each box. With its logit $z_b$ and the overlap $o_b$ of box b with
    the right one, the loss is

    $$\sum_b \mathrm{BCE}(\sigma(z_b), s_b), \qquad s_b = \begin{cases} o_b & o_b > 1/2 \\ 0 & \text{else,}\end{cases}$$

    the mean over phrases.

    Args:
        config: The sizes of the model.

    References:
        J. Lu et al., 12-in-1, CVPR 2020, of which the target is our reading.

    Examples:
        >>> left, wide, right = (0.0, 0.0, 0.5, 1.0), (0.0, 0.0, 0.75, 1.0), (0.5, 0.0, 1.0, 1.0)
        >>> cat = Reference("1.jpg", "the cat", boxes=(right, wide), box=left)
        >>> cat.overlaps
        array([0.        , 0.66666667])
        >>> Referring(CoAttentionConfig()).right(np.array([[0.1, 0.4]]), [cat])
        array([1.])
    """

    fused = False

    def __init__(self, config: CoAttentionConfig) -> None:
        super().__init__()
        self.head = scalar(config.vision_width, config.dropout)

    def ask(self, examples: Sequence[Reference], rng: np.random.Generator) -> list[list[Pair]]:
        """One pair of each phrase."""
        for e in examples:
            if not e.boxes:
                raise InputError(f"boxes of {e.phrase!r}: expected at least one to choose from, got none.")
            check_boxes([e.box], f"{e.photo}, the right one for {e.phrase!r}")
        return [[Pair(e.photo, e.phrase, boxes=e.boxes)] for e in examples]

    def logits(self, states: States, inputs: Inputs, counts: Sequence[int]) -> Tensor:
        """(n, boxes)."""
        found: Tensor = self.head(states.vision[:, inputs.first_box :]).squeeze(-1)
        return found.masked_fill(~inputs.real_boxes, -math.inf)

    def loss(self, outcome: Outcome, examples: Sequence[Reference]) -> Tensor:
        """The sum over boxes, the mean over phrases."""
        logits = outcome.logits
        targets = torch.zeros_like(logits)
        for i, example in enumerate(examples):
            overlaps = example.overlaps
            targets[i, : len(overlaps)] = torch.from_numpy(np.where(overlaps > ENOUGH, overlaps, 0)).to(targets)
        there = logits > -math.inf
        return F.binary_cross_entropy_with_logits(logits[there], targets[there], reduction="sum") / len(logits)

    def right(self, logits: NDArray[Any], examples: Sequence[Reference]) -> NDArray[np.float64]:
        """1 where the chosen box overlaps the right one by more than a half."""
        chosen = logits.argmax(1)
        return np.array([e.overlaps[i] > ENOUGH for i, e in zip(chosen, examples, strict=True)], float)

    def photos(self, example: Reference) -> tuple[str, ...]:
        """The one."""
        return (example.photo,)

    def description(self) -> dict[str, Any]:
        """Nothing more."""
        return {}
