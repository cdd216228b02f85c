"""Temporal soft-smoothing: a static space in which neighbours in time and category are drawn together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval
from torch import Tensor
from torch.nn import functional as F

from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.parameters import CONSTRAINTS, DeepParameters
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Column, Views
from commonspace.training.items import Batch
from commonspace.training.losses.temporal import soft_smoothing_loss
from commonspace.training.losses.triplet import triplet_loss

from .base import TemporalSpace, timed
from .network import TemporalNetwork


class SoftSmoothing(TemporalSpace):
    r"""Temporal soft-smoothing: triplets, and a pull between items of one category that grows as they near in time.

    Each modality has a multilayer perceptron whose output has unit length; time has a part in the loss alone, and
    `transform` asks for none. With the cosines s, a Gaussian K and the window h,

    $$L = \operatorname{mean}_{(a, p, n)} [\, m - s(a, p) + s(a, n) \,]_+ + \lambda \,
      \frac{\sum_{(a, p)} K(|t_a - t_p| / h) \, (1 - s(a, p))}{\sum_{(a, p)} K(|t_a - t_p| / h)}$$

    over pairs of modalities, positives p those of a's category at any time. That temporal and cross-modal constraints
    favour what is alike and near in time, softly, is the paper's; the function is our reading, a reconstruction.

    Learns from labels, from pairs alone, and from both, as `Diachronic`. Cost: O(b^2 log b) for a batch of b.

    Args:
        n_components: The length k of an embedding.
        window: h, in days where times are dates, else in the unit of the times; None takes what holds a twentieth of
            the items within h on either side of one of them.
        margin: m.
        smoothing: lambda.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(256,), batch_size=512.

    Attributes:
        window_: The window that was used.
        classes_: The labels seen in `fit`.
        history_: See `DeepSpace` and `TemporalSpace`, which also have the other attributes.

    Example:
        ```python
        space = SoftSmoothing(random_state=0).fit({"image": X, "text": Z}, labels, time=years)
        space.transform({"text": Z[:1]})["text"]
        ```

    References:
        D. Semedo, J. Magalhaes, Temporal cross-media retrieval with soft-smoothing, ACM Multimedia 2018.
    """

    tags: ClassVar[SpaceTags] = replace(TemporalSpace.tags, time_in_fit_only=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "window": [Interval(Real, 0, None, closed="neither"), None],
        "margin": [Interval(Real, 0, None, closed="left")],
        "smoothing": [Interval(Real, 0, None, closed="left")],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 128,
        *,
        window: float | None = None,
        margin: float = 0.2,
        smoothing: float = 0.5,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"hidden_sizes": (256,), "batch_size": 512, **training}
        super().__init__(n_components, **parameters)
        self.window = window
        self.margin = margin
        self.smoothing = smoothing

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{"smoothing": (0.1, 0.5, 1.0), "margin": (0.1, 0.2, 0.4)}]

    def transform(self, views: Views, *, time: Column | None = None) -> dict[str, NDArray[np.float32]]:
        """Embeds whichever modalities are given, whenever items are: see `Space.transform`. `time` is not used."""
        checked = self._check_transform(views)
        return {m: self._transform_view(m, timed({m: x}, np.zeros(len(x)))[m]) for m, x in checked.items()}

    def _network(self, dims: Mapping[str, int], classes: Classes) -> SoftSmoothingNetwork:
        return SoftSmoothingNetwork(self, dims)


class SoftSmoothingNetwork(TemporalNetwork):
    """Static projections and the loss of `SoftSmoothing`."""

    def __init__(self, space: SoftSmoothing, dims: Mapping[str, int]) -> None:
        super().__init__(
            dims,
            space.n_components,
            conditioning="none",
            hidden_sizes=tuple(space.hidden_sizes),
            activation=space.activation,
            dropout=space.dropout,
        )
        self.margin, self.smoothing = space.margin, space.smoothing
        self.bandwidth = space._window()

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The terms, each a mean over ordered pairs of modalities."""
        embedded = {m: F.normalize(self.embed(m, x), dim=1) for m, x in batch.views.items() if len(x)}
        ranking, smooth = [], []
        for _, similarity, distance, related in self.pairs(batch, embedded):
            ranking.append(triplet_loss(similarity, related, margin=self.margin))
            smooth.append(soft_smoothing_loss(similarity, related, distance, bandwidth=self.bandwidth))
        nothing = [0 * z.sum() for z in embedded.values()]  # a batch of one modality has nothing to compare
        return {
            "triplet": torch.stack(ranking or nothing).mean(),
            "smooth": self.smoothing * torch.stack(smooth or nothing).mean(),
        }
