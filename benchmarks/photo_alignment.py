"""What belongs together, learnt by each stream alone and half of it from a coordinated space.

A Contrastive space over whole photos and sentences knows better than a batch which captions go with a photo that is not
their own. It learns from the same photos as the model that it guides.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from caption_hits import unit
from numpy.typing import NDArray
from photo_tasks import encoded
from torch import Tensor
from torch.nn import functional as F

import commonspace as cs
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.tasks import Alignment, Caption, Outcome
from commonspace.reasoning.tasks.alignment import rotated

SHARE, TEMPERATURE = 0.5, 0.05
"""Of the targets, what the guide says; and of its cosines."""


class Guide:
    """Cosines of captions and photos in a Contrastive space.

    Args:
        root: The folder of all data.
        learn: Captions whose photos the space learns from.
        ask: Captions that it will be asked about.
    """

    def __init__(self, root: Path, learn: Sequence[Caption], ask: Sequence[Caption]) -> None:
        data = cs.load_dataset("flickr8k", root=root / "flickr8k")
        names = np.array([f"flickr8k/{Path(path).name}" for (path,) in data.content("image")])
        own = np.isin(names, [caption.photo for caption in learn])
        space = cs.Contrastive(random_state=0).fit({m: view[own] for m, view in data.views.items()})
        texts = sorted({caption.text for caption in ask})
        self._photo = dict(zip(names.tolist(), unit(space, "image", data.view("image")), strict=True))
        self._text = dict(zip(texts, unit(space, "text", encoded(texts)), strict=True))

    def cosines(self, captions: Sequence[Caption]) -> NDArray[np.float32]:
        """(n, n) of each caption with the photo of each."""
        text = np.stack([self._text[caption.text] for caption in captions])
        photo = np.stack([self._photo[caption.photo] for caption in captions])
        return np.asarray(text @ photo.T)


class Guided(Alignment):
    """`Alignment` whose targets are half the right pair, half the softmax of a guide's cosines."""

    pooled_only = True

    def __init__(self, config: CoAttentionConfig, guide: Guide) -> None:
        super().__init__(config)
        self.guide = guide

    def loss(self, outcome: Outcome, examples: Sequence[Caption]) -> Tensor:
        """The mean of both directions and all captions."""
        logits = rotated(outcome.logits, back=True)
        names = np.array([e.photo for e in examples])
        same = torch.from_numpy(names[:, None] == names).fill_diagonal_(False)
        guide = (torch.from_numpy(self.guide.cosines(examples)) / TEMPERATURE).masked_fill(same, -1e4)
        logits, own = logits.masked_fill(same, -1e4), torch.eye(len(names))
        both = ((logits, guide), (logits.T, guide.T))
        losses = [F.cross_entropy(x, (1 - SHARE) * own + SHARE * y.softmax(1)) for x, y in both]
        return (losses[0] + losses[1]) / 2
