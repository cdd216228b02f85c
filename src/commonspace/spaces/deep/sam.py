"""Triplets whose margin adapts to how alike two classes are, by a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from numbers import Real
from typing import Any, ClassVar, Unpack

import torch
from sklearn.utils._param_validation import Interval
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import ParameterError, UnknownNameError
from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.training.items import Batch, Items
from commonspace.training.losses.margins import (
    ClassCentroids,
    adaptive_margin,
    blend,
    class_similarity,
    label_set_similarity,
    pair_similarity,
    schedule,
)
from commonspace.training.losses.relations import relations
from commonspace.training.losses.triplet import triplet_loss
from commonspace.training.network import Projections

from .base import Classes, DeepSpace
from .parameters import CONSTRAINTS, DeepParameters


class SAM(DeepSpace):
    r"""Scheduled adaptive margin: triplets that ask more distance between classes that are less alike.

    As `Triplet`, but the margin depends on the classes of anchor and negative and on the epoch t,

    $$M_t(a, n) = (1 - A(t)) \, m + A(t) \, [ m_{\min} + (m_{\max} - m_{\min}) (1 - c(a, n)) ], \qquad
      A(t) = \frac{1}{1 + e^{-(t - t_0) / \tau}} :$$

    early epochs form the classes with the static margin m, later ones arrange them by their similarity c in [0, 1].
    That margins adapt to each triplet and are activated smoothly along the epochs is the paper's; the functions above
    are our reading of it, a reconstruction.

    Needs no pairs: items that have a label and one modality are used. Cost: as `Triplet`.

    Args:
        n_components: The length k of an embedding.
        margin: m, the static margin.
        least: m_min, between classes that are alike.
        most: m_max, between classes that are not.
        midpoint: t_0, as a share of `max_epochs`.
        width: tau, as a share of `max_epochs`. 0 uses adaptive margins from the first epoch on: no schedule.
        class_similarity: Where c comes from: "centroids", (1 + cos) / 2 of the classes' moving means in the space being
            learnt, over all modalities; the name of a modality, the same of the means of its standardised columns,
            fixed; or "labels", the overlap of the two items' label sets (Jaccard), fixed, for several labels per item.
        decay: How much the moving means keep of what they were, per batch; for "centroids".
        training: What all deep spaces take, `DeepParameters`. Its own default: items_per_class=8, so that a batch
            says something about each class in it.

    Attributes:
        classes_: The labels seen in `fit`.
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = SAM(random_state=0).fit({"image": X, "text": Z}, labels)
        static = Triplet(random_state=0).fit({"image": X, "text": Z}, labels)
        ```

    References:
        D. Semedo, J. Magalhaes, Cross-modal subspace learning with scheduled adaptive margin constraints,
        ACM Multimedia 2019.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(supervised=True, multilabel=True, missing_in_fit=True)
    _least_modalities: ClassVar[int] = 1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "margin": [Interval(Real, 0, None, closed="left")],
        "least": [Interval(Real, 0, None, closed="left")],
        "most": [Interval(Real, 0, None, closed="left")],
        "midpoint": [Interval(Real, 0, None, closed="left")],
        "width": [Interval(Real, 0, None, closed="left")],
        "class_similarity": [str],
        "decay": [Interval(Real, 0, 1, closed="left")],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 256,
        *,
        margin: float = 0.2,
        least: float = 0.05,
        most: float = 0.5,
        midpoint: float = 0.35,
        width: float = 0.04,
        class_similarity: str = "centroids",
        decay: float = 0.9,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"items_per_class": 8, **training}
        super().__init__(n_components, **parameters)
        self.margin = margin
        self.least = least
        self.most = most
        self.midpoint = midpoint
        self.width = width
        self.class_similarity = class_similarity
        self.decay = decay

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{**small_networks(facts), "most": (0.2, 0.5), "class_similarity": ("centroids",)}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> SAMNetwork:
        if self.least > self.most:
            raise ParameterError(f"least: expected at most most={self.most}, got {self.least}.")
        if self.class_similarity not in ("centroids", "labels", *dims):
            raise UnknownNameError("class_similarity", self.class_similarity, ("centroids", "labels", *dims))
        return SAMNetwork(self, dims, classes)


class SAMNetwork(Projections):
    """Projections and the loss of `SAM`."""

    fixed: Tensor

    def __init__(self, space: SAM, dims: Mapping[str, int], classes: Classes) -> None:
        super().__init__(dims, space.n_components, space.hidden_sizes, space.activation, space.dropout)
        self.margins = (space.margin, space.least, space.most)
        self.midpoint, self.width = space.midpoint * space.max_epochs, space.width * space.max_epochs
        self.source = space.class_similarity
        self.centroids = ClassCentroids(classes.count, space.n_components, space.decay)
        self.register_buffer("fixed", torch.eye(classes.count))

    def begin(self, items: Items) -> None:
        """Class similarities that stay as they are."""
        if self.source in self.dims and items.targets is not None:
            means = ClassCentroids(*(len(self.fixed), self.dims[self.source]), decay=0)
            parts, counts = items.views[self.source], items.counts[self.source]
            there = counts > 0
            means.update(parts[there].sum(1) / counts[there, None], items.targets[there])
            self.fixed.copy_(class_similarity(means.centroids))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The mean over ordered pairs of modalities."""
        embedded = {m: F.normalize(z, dim=1) for m, z in self.embed_batch(batch).items()}
        targets = {m: t for m in embedded if (t := batch.targets_of(m)) is not None}
        if self.training and self.source == "centroids":
            self.centroids.update(torch.cat([z.detach() for z in embedded.values()]), torch.cat(list(targets.values())))
        activation = schedule(batch.epoch, self.midpoint, self.width) if self.width else 1.0
        static, least, most = self.margins
        terms = []
        for a, b in permutations(embedded, 2):
            alike = self._similarity(targets[a], targets[b])
            margin = blend(static, adaptive_margin(alike, least, most), activation)
            related = relations(batch.items_of(a), batch.items_of(b), targets[a], targets[b])
            terms.append(triplet_loss(embedded[a] @ embedded[b].T, related, margin=margin))
        # Where all items of a batch have the same one modality there is nothing to compare: 0, with a graph.
        return {"triplet": torch.stack(terms or [0 * z.sum() for z in embedded.values()]).mean()}

    def _similarity(self, targets_a: Tensor, targets_b: Tensor) -> Tensor:
        """(n, m) how alike the classes of two rows are."""
        if self.source == "labels":
            return label_set_similarity(targets_a, targets_b)
        classes = class_similarity(self.centroids.centroids) if self.source == "centroids" else self.fixed
        return pair_similarity(classes, targets_a, targets_b)
