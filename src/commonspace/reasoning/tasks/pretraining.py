"""Learning from captioned photos alone: hidden words, hidden regions, and what belongs together."""

from __future__ import annotations

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
from commonspace.reasoning.masking import MaskedInputs, mask
from commonspace.reasoning.model import States

from .base import Outcome, Task, another, scalar
from .caption_retrieval import Caption


class Pretraining(Task[Caption]):
    r"""What ViLBERT learns from before any task.

    Of each caption two pairs are asked, the photo with it and with that of another photo of the batch. Of the first,
    some words and regions are hidden, see `masking.mask`. The loss is the sum

    $$L = L_{\text{words}} + L_{\text{regions}} + L_{\text{together}}$$

    of

    - the cross-entropy of hidden words, by a layer with GELU and normalisation and then the embeddings of words;
    - the cross-entropy of the cluster that a hidden region belongs to, or, without clusters, the mean squared error of
      its features;
    - the binary cross-entropy of whether a pair belongs together, by a linear layer of the fused state.

    Clusters stand in for the classes of a detector, of which there is none: ours. Hidden words and regions of pairs
    that do not belong together are not asked for, as in 12-in-1.

    Args:
        config: The sizes of the model.
        clusters: (k, features) the centres that regions are told by, or how many of them are to be loaded; 0: features
            are told.

    References:
        J. Lu et al., ViLBERT, NeurIPS 2019; 12-in-1, CVPR 2020.

    Examples:
        >>> captions = [Caption("1.jpg", "a cat sleeps"), Caption("2.jpg", "a red bus")]
        >>> asked = Pretraining(CoAttentionConfig()).ask(captions, np.random.default_rng(0))
        >>> [(pair.photo, pair.text) for pair in asked[0]]
        [('1.jpg', 'a cat sleeps'), ('1.jpg', 'a red bus')]
    """

    clusters: Tensor

    def __init__(self, config: CoAttentionConfig, clusters: Tensor | int = 0) -> None:
        super().__init__()
        given = torch.zeros(clusters, config.region) if isinstance(clusters, int) else clusters
        if given.ndim != 2 or given.shape[1] != config.region:
            raise InputError(f"clusters: expected centres of {config.region} features, got {tuple(given.shape)}.")
        self.register_buffer("clusters", given.float())
        self.vocabulary = config.text.vocabulary
        self.words = _transform(config.text.hidden)
        self.word_bias = nn.Parameter(torch.zeros(config.text.vocabulary))
        self.regions = nn.Sequential(
            _transform(config.vision_width), nn.Linear(config.vision_width, len(given) or config.region)
        )
        self.head = scalar(config.width, config.dropout)

    def ask(self, examples: Sequence[Caption], rng: np.random.Generator) -> list[list[Pair]]:
        """The photo with its caption, and with that of another one."""
        asked, photos = [], len({e.photo for e in examples})
        for e in examples:
            if photos < 2:
                raise InputError(f"caption {e.text!r}: expected another photo in the batch; take larger batches.")
            wrong = another(examples, e.photo, rng).text
            asked.append([Pair(e.photo, e.text, boxes=e.boxes), Pair(e.photo, wrong, boxes=e.boxes)])
        return asked

    def corrupt(self, inputs: Inputs, rng: np.random.Generator) -> MaskedInputs:
        """Hides words and regions of the pairs that belong together."""
        masked = mask(inputs, self.vocabulary, rng)
        apart = torch.arange(len(masked.words)) % 2 == 1
        tokens, regions = masked.tokens, masked.regions
        tokens.numbers[apart] = inputs.tokens.numbers[apart]
        regions.features[apart] = inputs.regions.features[apart]
        masked.words[apart] = -1
        masked.hidden[apart] = False
        return masked

    def logits(self, states: States, inputs: Inputs, counts: Sequence[int]) -> Tensor:
        """(n, 2) how much each pair belongs together, the right one first."""
        found: Tensor = self.head(states.fused).reshape(len(counts), -1)
        return found

    def loss(self, outcome: Outcome, examples: Sequence[Caption]) -> Tensor:
        """Of words, regions and what belongs together."""
        inputs = outcome.inputs
        assert isinstance(inputs, MaskedInputs)
        targets = torch.zeros_like(outcome.logits)
        targets[:, 0] = 1
        together = F.binary_cross_entropy_with_logits(outcome.logits, targets)
        return together + self._word_loss(outcome, inputs) + self._region_loss(outcome, inputs)

    def _word_loss(self, outcome: Outcome, inputs: MaskedInputs) -> Tensor:
        text = torch.cat([outcome.states.text[:, :1], outcome.states.text[:, 2:]], 1)  # without the task token
        told = inputs.words >= 0
        if not bool(told.any()):
            return outcome.logits.new_zeros(())
        said = F.linear(self.words(text[told]), outcome.words, self.word_bias)
        return F.cross_entropy(said, inputs.words[told])

    def _region_loss(self, outcome: Outcome, inputs: MaskedInputs) -> Tensor:
        if not bool(inputs.hidden.any()):
            return outcome.logits.new_zeros(())
        said, features = self.regions(outcome.states.vision[inputs.hidden]), inputs.features[inputs.hidden]
        if len(self.clusters):
            return F.cross_entropy(said, torch.cdist(features, self.clusters).argmin(1))
        return F.mse_loss(said, features)

    def right(self, logits: NDArray[Any], examples: Sequence[Caption]) -> NDArray[np.float64]:
        """1 where the right caption belongs more to the photo than the other."""
        return np.asarray(logits[:, 0] > logits[:, 1], float)

    def photos(self, example: Caption) -> tuple[str, ...]:
        """The one."""
        return (example.photo,)

    def description(self) -> dict[str, Any]:
        """The number of clusters."""
        return {"clusters": len(self.clusters)}


def _transform(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
