"""Triplets with a margin: the right answer nearer than every wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from numbers import Real
from typing import Any, ClassVar, Unpack, cast

import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor
from torch.nn import functional as F

from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.training.items import Batch
from commonspace.training.losses.relations import relations
from commonspace.training.losses.triplet import Mining, triplet_loss
from commonspace.training.network import Projections

from .base import Classes, DeepSpace
from .parameters import CONSTRAINTS, DeepParameters


class Triplet(DeepSpace):
    r"""Triplet learning with a static margin: an item is nearer to those of its class than to those of others.

    Each modality has a multilayer perceptron whose output has unit length. With the cosines s, for an anchor a of one
    modality, a positive p and a negative n of another, of which p shares a label with a and n none,

    $$L = \operatorname{mean}_{(a, p, n)} \; [\, m - s(a, p) + s(a, n) \,]_+$$

    over the triplets of a batch, in every direction between modalities. The item itself is always a positive, and all
    positives count. With labels that all differ, such as `numpy.arange(n)`, it learns from pairs alone.

    The networks cannot all fall into one point unnoticed: there every term is m, and with `mining="all"` or
    "semi-hard" the gradient leads out of it. "hardest" is known to fall into it where batches are noisy.

    Needs no pairs: items that have a label and one modality are used. Unlabelled items serve as positives of
    themselves only. Cost: O(b^2 log b) for a batch of b, and O(b^2) memory: no triplet is ever listed.

    Args:
        n_components: The length k of an embedding.
        margin: m.
        mining: Which negatives count: "all", "hardest" of each anchor, or "semi-hard", the hardest of those that are
            further than the positive.
        training: What all deep spaces take, `DeepParameters`.

    Attributes:
        classes_: The labels seen in `fit`.
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = Triplet(mining="semi-hard", random_state=0).fit({"image": X, "text": Z}, labels)
        ```

    References:
        F. Schroff, D. Kalenichenko, J. Philbin, FaceNet: a unified embedding for face recognition and clustering,
        CVPR 2015.
        F. Faghri, D. J. Fleet, J. R. Kiros, S. Fidler, VSE++: improving visual-semantic embeddings with hard negatives,
        BMVC 2018.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "margin": [Interval(Real, 0, None, closed="left")],
        "mining": [StrOptions({"all", "semi-hard", "hardest"})],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 256,
        *,
        margin: float = 0.2,
        mining: str = "all",
        **training: Unpack[DeepParameters],
    ) -> None:
        super().__init__(n_components, **training)
        self.margin = margin
        self.mining = mining

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{**small_networks(facts), "margin": (0.1, 0.2, 0.4)}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> TripletNetwork:
        return TripletNetwork(self, dims)


class TripletNetwork(Projections):
    """Projections and the loss of `Triplet`."""

    def __init__(self, space: Triplet, dims: Mapping[str, int]) -> None:
        super().__init__(dims, space.n_components, space.hidden_sizes, space.activation, space.dropout)
        self.margin, self.mining = space.margin, cast(Mining, space.mining)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The mean over ordered pairs of modalities."""
        embedded = {m: F.normalize(z, dim=1) for m, z in self.embed_batch(batch).items()}
        terms = [
            triplet_loss(
                embedded[a] @ embedded[b].T,
                relations(batch.items_of(a), batch.items_of(b), batch.targets_of(a), batch.targets_of(b)),
                margin=self.margin,
                mining=self.mining,
            )
            for a, b in permutations(embedded, 2)
        ]
        # Where all items of a batch have the same one modality there is nothing to compare: 0, with a graph.
        return {"triplet": torch.stack(terms or [0 * z.sum() for z in embedded.values()]).mean()}
