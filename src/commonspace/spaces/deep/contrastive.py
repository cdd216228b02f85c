"""Contrastive learning: an item's modalities find one another among those of other items."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from numbers import Real
from typing import Any, ClassVar, Unpack

import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.training.items import Batch
from commonspace.training.layers import ByModality
from commonspace.training.losses.contrastive import info_nce, sigmoid_loss
from commonspace.training.losses.relations import relations
from commonspace.training.network import Projections

from .base import Classes, DeepSpace
from .parameters import CONSTRAINTS, DeepParameters


class Contrastive(DeepSpace):
    r"""Contrastive learning: each item's modalities are drawn to each other and away from those of other items.

    Each modality has a residual projection, a linear map plus a multilayer perceptron,
    $f_m(x) = A_m x + g_m(x)$, whose output has unit length. With the cosines s of a batch and a learnt scale,

    $$L = \tfrac12 \Big( \frac1n \sum_i -\log \frac{e^{\alpha s_{ii}}}{\sum_j e^{\alpha s_{ij}}}
      + \frac1n \sum_j -\log \frac{e^{\alpha s_{jj}}}{\sum_i e^{\alpha s_{ij}}} \Big),$$

    the symmetric InfoNCE of CLIP; or, with `loss="sigmoid"`, every pair is judged on its own, as in SigLIP. Of three or
    more modalities the mean over pairs is taken. Learns from pairs alone, without labels; of an item with several
    parts, such as captions, one is drawn in each epoch.

    Cost: O(b^2 k) for a batch of b items beside the networks.

    Args:
        n_components: The length k of an embedding.
        loss: "softmax" or "sigmoid".
        scale: Where the scale of the cosines starts, the inverse of the temperature; it is learnt.
        label_smoothing: The share of each target that is spread over all items of the batch; for "softmax".
        noise: The share of the columns that is left out at random in training, before the networks.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: batch_size=512, max_epochs=25,
            patience=None, weight_decay=0.01, schedule="cosine", dropout=0.5.

    Attributes:
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = Contrastive(random_state=0).fit({"image": X, "text": captions})  # (n, d), (n, r, d)
        space.transform({"text": Z})
        ```

    References:
        A. Radford et al., Learning transferable visual models from natural language supervision, ICML 2021.
        X. Zhai, B. Mustafa, A. Kolesnikov, L. Beyer, Sigmoid loss for language image pre-training, ICCV 2023.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "n_components": CONSTRAINTS["n_components"][:1],
        "loss": [StrOptions({"softmax", "sigmoid"})],
        "scale": [Interval(Real, 0, None, closed="neither")],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "noise": [Interval(Real, 0, 1, closed="left")],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 512,
        *,
        loss: str = "softmax",
        scale: float = 15.0,
        label_smoothing: float = 0.1,
        noise: float = 0.3,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {
            "batch_size": 512,
            "max_epochs": 25,
            "patience": None,
            "weight_decay": 0.01,
            "schedule": "cosine",
            "dropout": 0.5,
            **training,
        }
        super().__init__(n_components, **parameters)
        self.loss = loss
        self.scale = scale
        self.label_smoothing = label_smoothing
        self.noise = noise

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{**small_networks(facts), "max_epochs": (10, 20, 40)}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> ContrastiveNetwork:
        return ContrastiveNetwork(self, dims)


class ContrastiveNetwork(Projections):
    """Residual projections and the loss of `Contrastive`."""

    def __init__(self, space: Contrastive, dims: Mapping[str, int]) -> None:
        super().__init__(dims, space.n_components, space.hidden_sizes, space.activation, space.dropout)
        self.straight = ByModality({m: nn.Linear(d, space.n_components, bias=False) for m, d in dims.items()})
        self.noise = nn.Dropout(space.noise)
        self.log_scale = nn.Parameter(torch.tensor(space.scale).log())
        self.bias = nn.Parameter(torch.tensor(-10.0)) if space.loss == "sigmoid" else None
        self.label_smoothing = space.label_smoothing

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """A x + g(x)."""
        x = self.noise(x)
        straight: Tensor = self.straight(modality, x)
        return straight + super().embed(modality, x)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The mean over pairs of modalities."""
        embedded = {m: F.normalize(z, dim=1) for m, z in self.embed_batch(batch).items()}
        scale = self.log_scale.exp().clamp(max=100)
        terms = []
        for a, b in combinations(embedded, 2):
            cosines, related = embedded[a] @ embedded[b].T, relations(batch.items_of(a), batch.items_of(b))
            if self.bias is None:
                terms.append(info_nce(cosines, related, scale, self.label_smoothing))
            else:
                terms.append(sigmoid_loss(cosines, related, scale, self.bias))
        return {"contrastive": torch.stack(terms).mean()}
