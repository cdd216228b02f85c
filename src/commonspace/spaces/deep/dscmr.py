"""Deep supervised cross-modal retrieval: labels, similarities and invariance at once."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, combinations_with_replacement
from numbers import Real
from typing import Any, ClassVar, Unpack

import torch
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn

from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.training.items import Batch
from commonspace.training.layers import ByModality, multilayer
from commonspace.training.losses.discriminative import linear_label_loss, modality_invariance, similarity_likelihood
from commonspace.training.losses.relations import relations
from commonspace.training.network import Network

from .base import Classes, DeepSpace
from .parameters import CONSTRAINTS, DeepParameters


class DSCMR(DeepSpace):
    r"""Deep supervised cross-modal retrieval: linear label prediction, pairwise likelihood and equal pairs.

    Each modality has a multilayer perceptron; a linear layer that all modalities share gives the embedding v, and
    another one predicts the label vector from it, $p = v W$. The loss is

    $$J = J_1 + \lambda J_2 + \eta J_3, \quad
      J_1 = \sum_m \operatorname{mean}_i \lVert p_i^m - y_i \rVert_2, \quad
      J_3 = \sum_{m < m'} \operatorname{mean}_i \lVert v_i^m - v_i^{m'} \rVert_2,$$
    $$J_2 = \sum_{m \le m'} \operatorname{mean}_{ij} [\log (1 + e^{\theta_{ij}}) - S_{ij} \theta_{ij}], \quad
      \theta_{ij} = \tfrac12 \cos(v_i^m, v_j^{m'}),$$

    with S_ij = 1 where two items share a label. For two modalities this is the released objective; sums over more
    modalities are ours. Items with one modality count in J1 and J2; unlabelled pairs in J3 only.

    Args:
        n_components: The length k of an embedding.
        likelihood: lambda, the weight of J2.
        invariance: eta, the weight of J3.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(2048,),
            learning_rate=1e-4, batch_size=100.

    Attributes:
        classes_: The labels seen in `fit`.
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = DSCMR(random_state=0).fit({"image": X, "text": Z}, labels)
        ```

    References:
        L. Zhen, P. Hu, X. Wang, D. Peng, Deep supervised cross-modal retrieval, CVPR 2019; weights and sizes from the
        released code, which keeps the epoch that is best on test: ours is chosen on validation.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "likelihood": [Interval(Real, 0, None, closed="left")],
        "invariance": [Interval(Real, 0, None, closed="left")],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 1024,
        *,
        likelihood: float = 1e-3,
        invariance: float = 0.1,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"hidden_sizes": (2048,), "learning_rate": 1e-4, "batch_size": 100, **training}
        super().__init__(n_components, **parameters)
        self.likelihood = likelihood
        self.invariance = invariance

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{**small_networks(facts), "n_components": (256,), "likelihood": (1e-3, 0.1, 1.0)}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> DSCMRNetwork:
        return DSCMRNetwork(self, dims, classes)


class DSCMRNetwork(Network):
    """A perceptron for each modality under shared layers, and the loss of `DSCMR`."""

    def __init__(self, space: DSCMR, dims: Mapping[str, int], classes: Classes) -> None:
        super().__init__(dims, space.n_components)
        sizes = (*space.hidden_sizes,) or (space.n_components,)
        self.bodies = ByModality(
            {m: multilayer((d, *sizes), space.activation, space.dropout, last=True) for m, d in dims.items()}
        )
        self.shared = nn.Linear(sizes[-1], space.n_components)
        self.labels = nn.Linear(space.n_components, classes.count, bias=False)
        self.likelihood, self.invariance = space.likelihood, space.invariance

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """(n, d) rows of one modality -> (n, k)."""
        embedded: Tensor = self.shared(self.bodies(modality, x))
        return embedded

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The three terms, weighted."""
        embedded = {m: self.embed(m, x) for m, x in batch.views.items() if len(x)}
        targets = {m: t for m in embedded if (t := batch.targets_of(m)) is not None}
        label = torch.stack([linear_label_loss(self.labels(z), targets[m]) for m, z in embedded.items()]).sum()
        likelihood, invariance = label.new_zeros(()), label.new_zeros(())
        for a, b in combinations_with_replacement(embedded, 2):
            related = relations(batch.items_of(a), batch.items_of(b), targets[a], targets[b])
            known = related.positive | related.negative
            likelihood = likelihood + similarity_likelihood(embedded[a], embedded[b], related.positive, known)
        for a, b in combinations(embedded, 2):
            rows_a, rows_b = batch.pairs(a, b)
            invariance = invariance + modality_invariance(embedded[a][rows_a], embedded[b][rows_b])
        return {
            "label": label,
            "likelihood": self.likelihood * likelihood,
            "invariance": self.invariance * invariance,
        }
