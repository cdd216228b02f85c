"""Deep canonical correlation analysis."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Real
from typing import Any, ClassVar, Unpack

import numpy as np
import torch
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor

from commonspace.errors import InputError, ParameterError, TrainingError
from commonspace.spaces.linear.mcca import MCCA
from commonspace.spaces.search_space import DataFacts, SearchSpace, small_networks
from commonspace.spaces.tags import SpaceTags
from commonspace.training.embedding import embed_rows
from commonspace.training.items import Batch, Items
from commonspace.training.losses.correlation import RunningCovariances, correlation_loss
from commonspace.training.network import Projections
from commonspace.training.processes import together

from .base import Classes, DeepSpace
from .parameters import CONSTRAINTS, DeepParameters


class DCCA(DeepSpace):
    r"""Deep canonical correlation analysis: networks whose outputs correlate as much as they can.

    Each modality has a multilayer perceptron with k outputs H. For two modalities, with covariances S of the centred
    outputs of a batch,

    $$L = -\lVert T \rVert_{tr}, \qquad T = \tilde S_{11}^{-1/2} S_{12} \tilde S_{22}^{-1/2}, \qquad
      \tilde S_{ii} = S_{ii} + r \, \tfrac{\mathrm{tr} S_{ii}}{k} I,$$

    minus the sum of their canonical correlations; of more modalities, the sum over pairs. At last a linear CCA (MCCA)
    of the outputs of all training items gives the embedding, its dimensions scaled by their correlation as in `CCA`.
    Learns from pairs alone, of items that have every modality. The loss is computed in float64 with its gradient in
    closed form, so that equal views, columns that repeat and features of any scale do no harm.

    Cost: O(b k^2 + k^3) for a batch of b items beside the networks.

    Args:
        n_components: k. A batch needs more items than that, better five times as many.
        ridge: r, relative to the mean variance of each output.
        covariances: "batch", or "running": averages over past batches, with which batches may be small.
        scaling: Each dimension is multiplied by its correlation to this power.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: batch_size=512, monitor="score".

    Attributes:
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = DCCA(n_components=32, random_state=0).fit({"image": X, "text": Z})
        ```

    References:
        G. Andrew, R. Arora, J. Bilmes, K. Livescu, Deep canonical correlation analysis, ICML 2013.
        F. Yan, K. Mikolajczyk, Deep correlation for matching images and text, CVPR 2015.
    """

    tags: ClassVar[SpaceTags] = SpaceTags()
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "n_components": CONSTRAINTS["n_components"][:1],
        "ridge": [Interval(Real, 0, None, closed="left")],
        "covariances": [StrOptions({"batch", "running"})],
        "scaling": [Interval(Real, 0, None, closed="left")],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 32,
        *,
        ridge: float = 1e-2,
        covariances: str = "batch",
        scaling: float = 1.0,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"batch_size": 512, **training}
        super().__init__(n_components, **parameters)
        self.ridge = ridge
        self.covariances = covariances
        self.scaling = scaling

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{**small_networks(facts), "n_components": facts.components, "ridge": (1e-2, 1e-1)}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> DCCANetwork:
        return DCCANetwork(self, dims)


class DCCANetwork(Projections):
    """Projections, the loss of `DCCA`, and the linear CCA that follows."""

    offset: Tensor
    rotation: Tensor

    def __init__(self, space: DCCA, dims: Mapping[str, int]) -> None:
        k = space.n_components
        super().__init__(dims, k, space.hidden_sizes, space.activation, space.dropout)
        self.ridge, self.scaling = space.ridge, space.scaling
        widths = [k] * len(dims)
        self.running = RunningCovariances(widths) if space.covariances == "running" else None
        self.register_buffer("offset", torch.zeros(len(dims), k))
        self.register_buffer("rotation", torch.eye(k).repeat(len(dims), 1, 1))

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """The output, turned by the linear CCA."""
        m = list(self.dims).index(modality)
        return (super().embed(modality, x) - self.offset[m]) @ self.rotation[m]

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Minus the sum of canonical correlations of the items that have every modality."""
        rows = batch.complete()
        outputs = [together(partial(self.projections, m), batch.views[m][rows[m]]) for m in self.dims]
        n = len(outputs[0])
        if not self.training and self.running is None and n <= self.n_components:
            return {"correlation": outputs[0].new_tensor(torch.nan)}  # too few items to tell
        return {"correlation": correlation_loss(outputs, self.ridge, running=self.running)}

    def settle(self, items: Items) -> None:
        """The linear CCA of the outputs of all items; of an item's parts, their mean."""
        outputs = {}
        with torch.no_grad():
            self.rotation.copy_(torch.eye(self.n_components))
            self.offset.zero_()
            for m in self.dims:
                counts = items.counts[m].numpy()
                view = items.views[m].numpy()
                means = view.sum(1) / np.maximum(counts, 1)[:, None]
                outputs[m] = np.where(counts[:, None] > 0, embed_rows(self, m, means), np.nan).astype(np.float64)
            fitted = self._linear(outputs)
            for i, m in enumerate(self.dims):
                turned = fitted.weights_[m] * fitted.correlations_**self.scaling
                self.rotation[i].zero_()
                self.rotation[i, :, : turned.shape[1]] = torch.from_numpy(turned)
                self.offset[i] = torch.from_numpy(fitted.means_[m])

    def _linear(self, outputs: Mapping[str, Any]) -> MCCA:
        try:
            return MCCA(self.n_components, ridge=self.ridge).fit(outputs)
        except ParameterError:  # fewer directions vary than there are outputs
            return MCCA(None, ridge=self.ridge).fit(outputs)
        except InputError as error:
            still = [m for m, output in outputs.items() if np.nanstd(output, axis=0).max() < 1e-6]
            raise TrainingError(
                f"DCCA: outputs of {', '.join(still or outputs)} no longer vary ({error}) Take a smaller learning_rate "
                "or larger hidden_sizes, or standardise the views."
            ) from error
