"""Fixed points for the classes, to which every modality is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar, Unpack

from sklearn.utils._param_validation import Interval
from torch import Tensor
from torch.nn import functional as F

from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.training.items import Batch
from commonspace.training.losses.prototype import prototype_loss, random_prototypes
from commonspace.training.network import Projections

from .base import Classes, DeepSpace
from .parameters import CONSTRAINTS, DeepParameters


class Prototype(DeepSpace):
    r"""Prototype learning: every modality is classified by its distance to the same fixed point of each class.

    Each modality has a multilayer perceptron whose output f has unit length. With random unit vectors c_y, one for each
    class, that are drawn once and never trained,

    $$L = -\sum_m \operatorname{mean}_i \log \frac{e^{-\beta \lVert f_i^m - c_{y_i} \rVert^2}}
      {\sum_y e^{-\beta \lVert f_i^m - c_y \rVert^2}} .$$

    This is the loss of CLIP4CMR on any features (the paper's are CLIP's, and beta = 1). Needs no pairs: each modality
    learns from the labelled items that have it.

    Args:
        n_components: The length k of an embedding.
        sharpness: beta.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(256,),
            activation="gelu".

    Attributes:
        classes_: The labels seen in `fit`.
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = Prototype(random_state=0).fit({"image": X, "text": Z}, labels)
        ```

    References:
        Z. Zeng, W. Mao, A comprehensive empirical study of vision-language pre-trained model for supervised cross-modal
        retrieval, 2022.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "sharpness": [Interval(Real, 0, None, closed="neither")],
    }
    n_components: int

    def __init__(self, n_components: int = 1024, *, sharpness: float = 1.0, **training: Unpack[DeepParameters]) -> None:
        parameters: DeepParameters = {"hidden_sizes": (256,), "activation": "gelu", **training}
        super().__init__(n_components, **parameters)
        self.sharpness = sharpness

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{**small_networks(facts), "sharpness": (1.0, 4.0, 16.0)}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> PrototypeNetwork:
        return PrototypeNetwork(self, dims, classes)


class PrototypeNetwork(Projections):
    """Projections and the loss of `Prototype`."""

    prototypes: Tensor

    def __init__(self, space: Prototype, dims: Mapping[str, int], classes: Classes) -> None:
        super().__init__(dims, space.n_components, space.hidden_sizes, space.activation, space.dropout)
        # Longer vectors stand for a sharper softmax.
        self.length = space.sharpness**0.5
        self.register_buffer("prototypes", random_prototypes(classes.count, space.n_components))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The loss of each modality."""
        terms = {}
        for m, z in self.embed_batch(batch).items():
            targets = batch.targets_of(m)
            if targets is not None:
                unit = F.normalize(z, dim=1)
                terms[m] = prototype_loss(unit * self.length, self.prototypes * self.length, targets)
        return terms
