"""Classifiers whose last hidden layer is what they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from torch import Tensor, nn

from .items import Batch
from .layers import ByModality, multilayer
from .losses.label import label_loss
from .scaling import ScaledNetwork


class Classifiers(ScaledNetwork):
    """A multilayer classifier for each modality. Embeds by its last hidden layer, z-scored.

    Args:
        dims: Modality -> the number of its columns.
        sizes: Of the hidden layers.
        n_classes: The number of classes.
        likelihood: "softmax", or "sigmoid" for several classes per item.
        activation: After each hidden layer.
        dropout: Of the hidden layers.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        sizes: Sequence[int],
        n_classes: int,
        likelihood: Literal["softmax", "sigmoid"],
        activation: str,
        dropout: float,
    ) -> None:
        super().__init__(dims, dict.fromkeys(dims, sizes[-1]), "z-score")
        self.likelihood = likelihood
        self.bodies = ByModality({m: multilayer((d, *sizes), activation, dropout, last=True) for m, d in dims.items()})
        self.heads = ByModality({m: nn.Linear(sizes[-1], n_classes) for m in dims})

    def code(self, modality: str, x: Tensor) -> Tensor:
        """The last hidden layer."""
        hidden: Tensor = self.bodies(modality, x)
        return hidden

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The cross-entropy of each modality."""
        terms = {}
        for m, x in batch.views.items():
            targets = batch.targets_of(m)
            if len(x) and targets is not None:
                terms[m] = label_loss(self.heads(m, self.code(m, x)), targets, self.likelihood)
        return terms
