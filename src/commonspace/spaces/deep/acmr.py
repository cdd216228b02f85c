"""Adversarial cross-modal retrieval: classes must show in an embedding, its modality must not."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from numbers import Real
from typing import Any, ClassVar, Unpack

import torch
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.training.items import Batch
from commonspace.training.layers import multilayer
from commonspace.training.losses.adversarial import (
    inter_modal_invariance,
    modality_loss,
    reversal_weight,
    reverse_gradient,
)
from commonspace.training.losses.label import label_loss
from commonspace.training.losses.relations import relations
from commonspace.training.network import Projections

from .base import Classes, DeepSpace
from .parameters import CONSTRAINTS, DeepParameters


class ACMR(DeepSpace):
    r"""Adversarial cross-modal retrieval: a modality classifier that the projections learn to deceive.

    Each modality has a multilayer perceptron f into the space, whose output has unit length. One linear label
    predictor is shared, and a small classifier D tells from an embedding which modality it came from:

    $$L = \beta L_{imd} + \alpha L_{imi} - w(p) L_{adv}, \qquad
      L_{imd} = -\sum_m \operatorname{mean}_i \log P(y_i \mid f(x_i^m)),$$
    $$L_{imi} = \operatorname{mean}_{(i, j)} \lVert v_i - t_j \rVert_2
      + \lambda \operatorname{mean}_{(i, k)} [\mu - \lVert v_i - t_k \rVert_2]_+ ,$$

    with j of the class of i and k of another, and L_adv the cross-entropy of D. D minimises L_adv while the projections
    maximise it, in one step by a gradient that is reversed between them; its weight
    $w(p) = 2 / (1 + e^{-10 p}) - 1$ grows with the progress p. The penalty on the weights' norms is `weight_decay`.

    Our reading of the paper, with the losses as published. In the released demo the label predictor gets no gradient,
    nor do the projections through the reversal; here both do. Means stand in place of sums over triplets.

    Args:
        n_components: The length k of an embedding.
        alpha: The weight of L_imi.
        beta: The weight of L_imd.
        negatives: lambda, the weight of other classes in L_imi.
        margin: mu, the distance that other classes keep at least, up to 2.
        adversary: The largest weight of L_adv; 0 trains without.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: activation="tanh", batch_size=64.

    Attributes:
        classes_: The labels seen in `fit`.
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = ACMR(random_state=0).fit({"image": X, "text": Z}, labels)
        ```

    References:
        B. Wang, Y. Yang, X. Xu, A. Hanjalic, H. T. Shen, Adversarial cross-modal retrieval, ACM Multimedia 2017.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "alpha": [Interval(Real, 0, None, closed="left")],
        "beta": [Interval(Real, 0, None, closed="left")],
        "negatives": [Interval(Real, 0, None, closed="left")],
        "margin": [Interval(Real, 0, 2, closed="both")],
        "adversary": [Interval(Real, 0, None, closed="left")],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 200,
        *,
        alpha: float = 1.0,
        beta: float = 1.0,
        negatives: float = 1.0,
        margin: float = 1.0,
        adversary: float = 0.1,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"activation": "tanh", "batch_size": 64, **training}
        super().__init__(n_components, **parameters)
        self.alpha = alpha
        self.beta = beta
        self.negatives = negatives
        self.margin = margin
        self.adversary = adversary

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{**small_networks(facts), "alpha": (0.3, 1.0), "adversary": (0.0, 0.1)}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> ACMRNetwork:
        return ACMRNetwork(self, dims, classes)


class ACMRNetwork(Projections):
    """Projections, label predictor and modality classifier, and the loss of `ACMR`."""

    def __init__(self, space: ACMR, dims: Mapping[str, int], classes: Classes) -> None:
        k = space.n_components
        super().__init__(dims, k, space.hidden_sizes, space.activation, space.dropout)
        self.labels = nn.Linear(k, classes.count)
        self.modality = multilayer((k, 50, len(dims)), "relu")
        self.likelihood = classes.likelihood
        self.alpha, self.beta, self.adversary = space.alpha, space.beta, space.adversary
        self.margin, self.negatives = space.margin, space.negatives

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The three terms, weighted; the adversary's is the cross-entropy of the classifier, reversed behind it."""
        embedded = {m: F.normalize(z, dim=1) for m, z in self.embed_batch(batch).items()}
        targets = {m: t for m in embedded if (t := batch.targets_of(m)) is not None}
        label = torch.stack(
            [label_loss(self.labels(z), targets[m], self.likelihood) for m, z in embedded.items()]
        ).sum()
        terms = {"label": self.beta * label}
        invariance = [
            inter_modal_invariance(
                embedded[a],
                embedded[b],
                (related := relations(batch.items_of(a), batch.items_of(b), targets[a], targets[b])).positive,
                related.negative,
                self.margin,
                self.negatives,
            )
            for a, b in combinations(embedded, 2)
        ]
        if invariance:
            terms["invariance"] = self.alpha * torch.stack(invariance).mean()
        if self.adversary:
            weight = self.adversary * reversal_weight(batch.progress)
            none = label.new_zeros(0, len(self.dims))
            logits = [
                self.modality(reverse_gradient(embedded[m], weight)) if m in embedded else none for m in self.dims
            ]
            terms["modality"] = modality_loss(logits)
        return terms
