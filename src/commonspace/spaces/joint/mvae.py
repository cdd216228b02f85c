"""The multimodal variational autoencoder: each modality an expert, their product what is known of an item."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn

from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.parameters import CONSTRAINTS, DeepParameters
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.spaces.views import Views
from commonspace.training.embedding import run_items
from commonspace.training.fusion import Hidden, subsets
from commonspace.training.items import Batch
from commonspace.training.layers import ByModality, multilayer
from commonspace.training.losses.reconstruction import Likelihood
from commonspace.training.reconstruction import ReconstructingNetwork

from .base import embed_items
from .reconstructing import ReconstructingSpace
from .weights import modality_weights


class MVAE(ReconstructingSpace):
    r"""Multimodal variational autoencoder: what is known of an item is the product of what each modality tells.

    An item has a code z with the prior $p(z) = N(0, I)$. A network of each modality tells a Gaussian
    $q_m(z \mid x^m) = N(\mu_m, \operatorname{diag} T_m^{-1})$, and what is known from the modalities S that are there
    is their product with the prior, again a Gaussian,

    $$q(z \mid x^S) = N\Big( \frac{\sum_{m \in S} T_m \mu_m}{1 + \sum_{m \in S} T_m}, \;
      \operatorname{diag} \Big(1 + \sum_{m \in S} T_m\Big)^{-1} \Big),$$

    which needs no network of its own for any set S, and is the surer the more modalities there are. With a network of
    each modality that gives $p(x^m \mid z)$, the loss is the negative evidence bound

    $$L = \sum_S \operatorname{mean}_i \Big[ -\sum_{m} \lambda_m\, E_q \log p(x_i^m \mid z)
      + \beta \operatorname{KL}(q(z \mid x_i^S) \,\|\, p(z)) \Big],$$

    over the sets S of everything, each modality alone, and of three or more modalities a random part. All that the
    item has is to be reconstructed from each S; the paper takes only what is in S. The embedding is the mean of
    $q(z \mid x^S)$. Real columns are Gaussian given z, each with a variance that is learnt.

    Args:
        n_components: The length k of the code.
        losses: Modality -> "squared", a Gaussian, the default; "bernoulli" for columns from 0 to 1; "poisson" for
            counts.
        beta: The weight of the divergence from the prior; 1 is the bound itself.
        warm_up: Over so many epochs beta grows from 0 to its value.
        weights: Modality -> lambda, 0 or more; those not named have 1.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(512,),
            monitor="loss".

    Attributes:
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = MVAE(32, random_state=0).fit({"image": X, "text": Z})
        mean, deviation = space.posterior({"image": X})
        ```

    References:
        M. Wu, N. Goodman, Multimodal generative models for scalable weakly-supervised learning, NeurIPS 2018.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(joint=True, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "n_components": CONSTRAINTS["n_components"][:1],
        "losses": [Mapping, None],
        "beta": [Interval(Real, 0, None, closed="left")],
        "warm_up": [Interval(Integral, 0, None, closed="left")],
        "weights": [Mapping, None],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 64,
        *,
        losses: Mapping[str, Likelihood] | None = None,
        beta: float = 1.0,
        warm_up: int = 10,
        weights: Mapping[str, float] | None = None,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"hidden_sizes": (512,), "monitor": "loss", **training}
        super().__init__(n_components, **parameters)
        self.losses = losses
        self.beta = beta
        self.warm_up = warm_up
        self.weights = weights

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{"n_components": (32, 64), "hidden_sizes": ((128,), (512,)), "beta": (0.1, 1.0)}]

    def posterior(self, views: Views) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What is known of the codes of items.

        Args:
            views: As for `transform`; the parts of an item are averaged.

        Returns:
            (n, k) means and (n, k) standard deviations; NaN where an item has none of the modalities.

        Raises:
            NotFittedError: Before `fit`.
            UnknownNameError: If a view is no modality of `fit`.
            InputError: If views are not as described, or none is given.
        """
        both = embed_items(self._item_rows(views), self._posterior_of_items, 2 * self.n_components_, normalize=False)
        mean, deviation = np.split(both, 2, axis=1)
        return mean, deviation

    def _posterior_of_items(self, views: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        network = self._joint_network()
        assert isinstance(network, MVAENetwork)

        def both(views: Mapping[str, Tensor], present: Tensor) -> Tensor:
            mean, variance = network.posterior(views, present)
            return torch.cat([mean, variance.sqrt()], 1)

        return run_items(network, both, self._standardised(views))

    def _network(self, dims: Mapping[str, int], classes: Classes) -> MVAENetwork:
        return MVAENetwork(self, dims)


class MVAENetwork(ReconstructingNetwork):
    """Experts, decoders, and the loss of `MVAE`."""

    def __init__(self, space: MVAE, dims: Mapping[str, int]) -> None:
        k, sizes = space.n_components, tuple(space.hidden_sizes)
        super().__init__(dims, k, sizes, space.activation, space.dropout, space.losses)
        self.beta, self.warm_up, self.annealed = space.beta, space.warm_up, space.beta
        self.weights = modality_weights(space.weights, tuple(dims))
        self.experts = ByModality(
            {m: multilayer((d, *sizes, 2 * k), space.activation, space.dropout) for m, d in dims.items()}
        )
        self.log_variances = nn.ParameterList([nn.Parameter(torch.zeros(d)) for d in dims.values()])

    def begin_epoch(self, epoch: int) -> None:
        """Lets beta grow."""
        self.annealed = self.beta * min(1.0, (epoch + 1) / (self.warm_up + 1))

    def posterior(self, views: Mapping[str, Tensor], present: Tensor) -> tuple[Tensor, Tensor]:
        """(n, k) means and variances of the product of the experts that are there."""
        weighted, precision = torch.zeros(()), torch.ones(())
        for (m, x), there in zip(views.items(), present.T, strict=True):
            mean, log_variance = self.experts(m, self.seen(m, x)).chunk(2, 1)
            own = (-log_variance.clamp(-12, 12)).exp() * there[:, None]
            weighted, precision = weighted + own * mean, precision + own
        return weighted / precision, 1 / precision

    def fuse(self, views: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """The mean of what is known."""
        return self.posterior(views, present)[0]

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The negative log-likelihood of each modality, and the divergence, of an item and a set."""
        views, present = self.dense(batch)
        hidden = Hidden.of(views, present, subsets(present, random=self.training))
        mean, variance = self.posterior(hidden.views, hidden.shown)
        outputs = self.decode(mean + variance.sqrt() * torch.randn_like(mean))
        divergence = 0.5 * (variance + mean**2 - 1 - variance.log()).sum(1).mean()
        terms = {"divergence": self.annealed * divergence}
        for m, cost in self.errors(outputs, views, present, hidden).items():
            if self.losses[m] == "squared":
                log_variance = self.log_variances[tuple(self.dims).index(m)].clamp(-8, 8)
                cost = 0.5 * (cost * (-log_variance).exp() + log_variance + math.log(2 * math.pi))
            terms[m] = self.weights[m] * cost.sum() / len(hidden.item)
        return terms
