"""Texts and photos brought into one space before they are connected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.errors import InputError
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.inputs import Inputs, Pair
from commonspace.reasoning.model import States

from .base import Outcome, Task
from .caption_retrieval import Caption

TEMPERATURE = 0.07
"""At the start."""


class Alignment(Task[Caption]):
    r"""Finds the caption of each photo of a batch, and the photo of each caption, by each stream alone.

    The connections are left out, so that n pairs give n x n comparisons. With $t_i$ and $v_i$ what is pooled of text
    and photo of pair i, of unit length, T a learnt temperature and $s_{ij} = t_i \cdot v_j / T$, the loss is

    $$-\frac{1}{2n} \sum_i \left(\log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}} +
      \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}}\right).$$

    Captions of one photo are no wrong ones of each other.

    Before the streams are connected they then say what belongs together, which connected ones take long to learn. That
    we do so with ViLBERT's streams is ours.

    Args:
        config: The sizes of the model.

    References:
        J. Li et al., Align before fuse: vision and language representation learning with momentum distillation, NeurIPS
        2021, without its momentum model.

    Examples:
        >>> captions = [Caption("1.jpg", "a cat sleeps"), Caption("2.jpg", "a red bus")]
        >>> task = Alignment(CoAttentionConfig())
        >>> task.right(np.array([[0.9, 0.1], [0.2, 0.4]]), captions)  # of each its own photo first, then the other
        array([1., 0.])
    """

    apart = True
    pooled_only = True

    def __init__(self, config: CoAttentionConfig) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(-math.log(TEMPERATURE)))

    def ask(self, examples: Sequence[Caption], rng: np.random.Generator) -> list[list[Pair]]:
        """The right pair of each caption."""
        return [[Pair(e.photo, e.text, boxes=e.boxes)] for e in examples]

    def logits(self, states: States, inputs: Inputs, counts: Sequence[int]) -> Tensor:
        """(n, n) of each caption with its own photo, then with those of the captions after it, and round."""
        if states.pooled is None:
            raise InputError("alignment: expected a co-attention model, whose streams can be told apart.")
        text, photo = (F.normalize(part, dim=1) for part in states.pooled)
        return rotated(self.scale.exp() * text @ photo.T)

    def loss(self, outcome: Outcome, examples: Sequence[Caption]) -> Tensor:
        """The mean of both directions and all captions."""
        logits = rotated(outcome.logits, back=True)
        names = np.array([e.photo for e in examples])
        if len(set(names)) < 2:
            raise InputError("captions: expected those of two photos or more in a batch; take larger batches.")
        same = torch.from_numpy(names[:, None] == names).to(logits.device)
        same.fill_diagonal_(False)
        logits = logits.masked_fill(same, -math.inf)
        own = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2

    def right(self, logits: NDArray[Any], examples: Sequence[Caption]) -> NDArray[np.float64]:
        """1 where no other photo of those that were asked about together is nearer."""
        return np.asarray(logits.argmax(1) == 0, float)

    def photos(self, example: Caption) -> tuple[str, ...]:
        """The one."""
        return (example.photo,)

    def description(self) -> dict[str, Any]:
        """Nothing more."""
        return {}


def rotated(square: Tensor, *, back: bool = False) -> Tensor:
    """(n, n): row i begins at its column i and goes round; `back` undoes that."""
    places = torch.arange(len(square), device=square.device)
    turn = places[None] - places[:, None] if back else places[None] + places[:, None]
    return square.gather(1, turn % len(square))
