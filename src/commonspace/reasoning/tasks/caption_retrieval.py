"""Which caption belongs to a photo, and which photo to a caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.inputs import Box, Inputs, Pair
from commonspace.reasoning.model import States

from .base import Outcome, Task, another, scalar

WAYS = 4


@dataclass(frozen=True)
class Caption:
    """A caption of a photo.

    Attributes:
        photo: Its name.
        text: The caption.
        hard: Captions of other photos that are much like it, one of which is drawn each time.
        boxes: Of the photo, where some are known.
    """

    photo: str
    text: str
    hard: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()


class CaptionRetrieval(Task[Caption]):
    r"""Tells the right pair of photo and caption from wrong ones.

    Of each caption four pairs are asked: the right one, the photo with the caption of another, another photo with the
    caption, and the photo with a hard wrong caption. What is other is drawn from the batch. The head is a linear layer
    of the fused state; with its logits $z_1, \dots, z_4$, the right pair first, the loss of a caption is

    $$-\log \frac{e^{z_1}}{\sum_{j=1}^{4} e^{z_j}}.$$

    Args:
        config: The sizes of the model.

    References:
        J. Lu et al., 12-in-1, CVPR 2020.

    Examples:
        >>> captions = [Caption("1.jpg", "a cat sleeps", ("a cat runs",)), Caption("2.jpg", "a red bus", ("a car",))]
        >>> asked = CaptionRetrieval(CoAttentionConfig()).ask(captions, np.random.default_rng(0))
        >>> [(pair.photo, pair.text) for pair in asked[0]]
        [('1.jpg', 'a cat sleeps'), ('1.jpg', 'a red bus'), ('2.jpg', 'a cat sleeps'), ('1.jpg', 'a cat runs')]
    """

    pooled_only = True

    def __init__(self, config: CoAttentionConfig) -> None:
        super().__init__()
        self.head = scalar(config.width, config.dropout)

    def ask(self, examples: Sequence[Caption], rng: np.random.Generator) -> list[list[Pair]]:
        """Four pairs of each caption, the right one first."""
        asked, photos = [], len({e.photo for e in examples})
        for e in examples:
            if photos < 2 or not e.hard:
                raise InputError(
                    f"caption {e.text!r}: expected hard wrong captions and another photo in the batch, got "
                    f"{len(e.hard)} and {photos - 1}; take larger batches."
                )
            caption, photo = (another(examples, e.photo, rng) for _ in range(2))
            hard = e.hard[int(rng.integers(len(e.hard)))]
            asked.append(
                [
                    Pair(e.photo, e.text, boxes=e.boxes),
                    Pair(e.photo, caption.text, boxes=e.boxes),
                    Pair(photo.photo, e.text, boxes=photo.boxes),
                    Pair(e.photo, hard, boxes=e.boxes),
                ]
            )
        return asked

    def logits(self, states: States, inputs: Inputs, counts: Sequence[int]) -> Tensor:
        """(n, pairs); every example has as many."""
        found: Tensor = self.head(states.fused).reshape(len(counts), -1)
        return found

    def loss(self, outcome: Outcome, examples: Sequence[Caption]) -> Tensor:
        """The mean over captions."""
        logits = outcome.logits
        return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))

    def right(self, logits: NDArray[Any], examples: Sequence[Caption]) -> NDArray[np.float64]:
        """1 where the right pair has the highest logit."""
        return np.asarray(logits.argmax(1) == 0, float)

    def photos(self, example: Caption) -> tuple[str, ...]:
        """The one."""
        return (example.photo,)

    def description(self) -> dict[str, Any]:
        """Nothing more."""
        return {}
