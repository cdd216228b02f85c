"""The classifier as a proxy: each modality mapped on its own to the classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

import torch
from sklearn.utils._param_validation import StrOptions
from torch import Tensor

from commonspace.errors import ParameterError
from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.training.items import Batch, Items
from commonspace.training.layers import ByModality, multilayer
from commonspace.training.losses.label import label_loss
from commonspace.training.network import Network

from .base import Classes, DeepSpace
from .parameters import CONSTRAINTS, DeepParameters


class DeepSM(DeepSpace):
    r"""Deep semantic matching: a classifier for each modality, whose posteriors are the common space.

    Each modality has a multilayer perceptron with c outputs z, learnt by cross-entropy on its own,

    $$P(y \mid x) = \frac{e^{z_y}}{\sum_{y'} e^{z_{y'}}}, \qquad
      L = -\sum_m \operatorname{mean}_i \log P(y_i \mid x_i^m)$$

    Where labels are several per item, each class has a sigmoid and a binary cross-entropy of its own. The image
    network of the paper is a convolutional one that is tuned with the classifier; ours learns on frozen features.

    Needs no pairs: each modality learns from the labelled items that have it.

    Args:
        n_components: None, or the length that follows from the rest: c, c plus the number of modalities with
            `compare_by="probability"`, the last of `hidden_sizes` with `embedding="hidden"`.
        embedding: "posterior", or "hidden": the layer before the classes, for use within one modality. Each modality
            has a hidden layer of its own, and two of them cannot be compared.
        compare_by: Of posteriors. "cosine" compares them after the shares of the classes are taken off; "probability"
            embeds them so that the cosine of two modalities is the probability that both items have the same class,
            as in `SemanticMatching`.
        training: What all deep spaces take, `DeepParameters`. Its own default: dropout=0.5.

    Attributes:
        classes_: The labels, in the order of an embedding of posteriors.
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = DeepSM(random_state=0).fit({"image": X, "text": Z}, labels)
        ```

    References:
        Y. Wei, Y. Zhao, C. Lu, S. Wei, L. Liu, Z. Zhu, S. Yan, Cross-modal retrieval with CNN visual features: a new
        baseline, IEEE Transactions on Cybernetics 47(2), 2017.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "embedding": [StrOptions({"posterior", "hidden"})],
        "compare_by": [StrOptions({"cosine", "probability"})],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        embedding: str = "posterior",
        compare_by: str = "probability",
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"dropout": 0.5, **training}
        super().__init__(n_components, **parameters)
        self.embedding = embedding
        self.compare_by = compare_by

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [
            {
                **small_networks(facts),
                "dropout": (0.5, 0.7),
                "activation": ("relu", "gelu"),
                "validation_fraction": (0.1, 0.2),
            }
        ]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> DeepSMNetwork:
        if self.embedding == "hidden" and not len(self.hidden_sizes):
            raise ParameterError("hidden_sizes: expected a hidden layer for embedding='hidden', got none.")
        network = DeepSMNetwork(self, dims, classes)
        if self.n_components not in (None, network.n_components):
            raise ParameterError(
                f"n_components={self.n_components}, but embeddings of {classes.count} classes have "
                f"{network.n_components} dimensions here; expected None or {network.n_components}."
            )
        return network


class DeepSMNetwork(Network):
    """A classifier for each modality."""

    priors: Tensor

    def __init__(self, space: DeepSM, dims: Mapping[str, int], classes: Classes) -> None:
        c = classes.count
        self.by_probability = space.compare_by == "probability"
        self.hidden = space.embedding == "hidden"
        posterior = c + len(dims) * self.by_probability
        super().__init__(dims, space.hidden_sizes[-1] if self.hidden else posterior)
        self.likelihood = classes.likelihood
        self.bodies = ByModality(
            {
                m: multilayer((d, *space.hidden_sizes), space.activation, space.dropout, last=True)
                for m, d in dims.items()
            }
        )
        width = {m: (d, *space.hidden_sizes)[-1] for m, d in dims.items()}
        self.heads = ByModality({m: torch.nn.Linear(width[m], c) for m in dims})
        self.register_buffer("priors", torch.zeros(c))

    def begin(self, items: Items) -> None:
        """The shares of the classes."""
        if items.targets is not None:
            self.priors.copy_(items.targets[items.targets.any(1)].mean(0))

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """Posteriors, or the layer before them."""
        hidden: Tensor = self.bodies(modality, x)
        if self.hidden:
            return hidden
        scores: Tensor = self.heads(modality, hidden)
        exclusive = self.likelihood == "softmax"
        P = scores.softmax(1) if exclusive else scores.sigmoid()
        if not self.by_probability:
            return P - self.priors
        # A dimension for each modality; its own takes what P lacks to the length that all then have.
        longest = 1 if exclusive else P.shape[1]
        own = torch.tensor([modality == m for m in self.dims], device=P.device)
        return torch.cat([P, (longest - P.square().sum(1, keepdim=True)).clamp_min(0).sqrt() * own], 1)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The cross-entropy of each modality."""
        terms = {}
        for m, x in batch.views.items():
            targets = batch.targets_of(m)
            if len(x) and targets is not None:
                terms[m] = label_loss(self.heads(m, self.bodies(m, x)), targets, self.likelihood)
        return terms
