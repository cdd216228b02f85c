"""The multimodal autoencoder: one code from which every modality is reconstructed, whichever are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack

import torch
from torch import Tensor, nn

from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.parameters import CONSTRAINTS, DeepParameters
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.training.fusion import Hidden, subsets
from commonspace.training.items import Batch
from commonspace.training.layers import ByModality, multilayer
from commonspace.training.losses.reconstruction import Likelihood
from commonspace.training.reconstruction import ReconstructingNetwork

from .reconstructing import ReconstructingSpace


class MultimodalAutoencoder(ReconstructingSpace):
    r"""Multimodal autoencoder: the modalities of an item share a code, and every modality is reconstructed from it.

    A network of each modality gives its hidden units h_m, zeros where the modality is absent; a layer over all of them
    gives the code $z = \sum_m A_m h_m + b$, and a network of each modality reconstructs its columns from it. In every
    batch each item is shown in several ways S, whole and with each modality alone, and all that it has is to be
    reconstructed from each:

    $$L = \sum_m \operatorname{mean}_{i, S} \frac{1}{d_m} \sum_j \ell_m(x_{ij}^m, \hat x_{ij}^m(z_i^S)).$$

    For two modalities that is the training set tripled, as published: (x, z), (x, 0) and (0, z), with the targets
    (x, z). Of three or more, each item is shown in one more way, a random half of what it has; that, the mean over
    columns, which lets modalities count alike, and training all layers at once are ours.

    Args:
        n_components: The length k of the code.
        losses: Modality -> l: "squared", the default; "bernoulli" for columns from 0 to 1; "poisson" for counts, which
            the network sees as log(1 + count). Columns of the latter two are not standardised.
        hide: Show each item also with modalities hidden. False shows items as they are: the plain autoencoder.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(512,),
            monitor="loss".

    Attributes:
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = MultimodalAutoencoder(losses={"words": "poisson"}).fit({"image": X, "words": counts, "sound": A})
        space.transform({"image": X, "sound": A})["joint"]
        space.reconstruct({"image": X}, to="words")
        ```

    References:
        J. Ngiam, A. Khosla, M. Kim, J. Nam, H. Lee, A. Y. Ng, Multimodal deep learning, ICML 2011.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(joint=True, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "n_components": CONSTRAINTS["n_components"][:1],
        "losses": [Mapping, None],
        "hide": ["boolean"],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 128,
        *,
        losses: Mapping[str, Likelihood] | None = None,
        hide: bool = True,
        **training: Unpack[DeepParameters],
    ) -> None:
        parameters: DeepParameters = {"hidden_sizes": (512,), "monitor": "loss", **training}
        super().__init__(n_components, **parameters)
        self.losses = losses
        self.hide = hide

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{"n_components": (32, 128), "hidden_sizes": ((128,), (512,)), "activation": ("relu", "tanh")}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> MultimodalAutoencoderNetwork:
        return MultimodalAutoencoderNetwork(self, dims)


class MultimodalAutoencoderNetwork(ReconstructingNetwork):
    """Encoders, the layer of the code, decoders, and the loss of `MultimodalAutoencoder`."""

    def __init__(self, space: MultimodalAutoencoder, dims: Mapping[str, int]) -> None:
        k, sizes = space.n_components, tuple(space.hidden_sizes)
        super().__init__(dims, k, sizes, space.activation, space.dropout, space.losses)
        self.hide = space.hide
        self.encoders = ByModality(
            {m: multilayer((d, *sizes), space.activation, space.dropout, last=True) for m, d in dims.items()}
        )
        self.code = ByModality({m: nn.Linear(sizes[-1] if sizes else d, k, bias=False) for m, d in dims.items()})
        self.bias = nn.Parameter(torch.zeros(k))

    def fuse(self, views: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """The code."""
        parts = [
            self.code(m, self.encoders(m, self.seen(m, x))) * there[:, None]
            for (m, x), there in zip(views.items(), present.T, strict=True)
        ]
        return torch.stack(parts).sum(0) + self.bias

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The error of each modality."""
        views, present = self.dense(batch)
        ways = subsets(present, random=self.training) if self.hide else present[None]
        hidden = Hidden.of(views, present, ways)
        outputs = self.decode(self.fuse(hidden.views, hidden.shown))
        return {m: cost.mean() for m, cost in self.errors(outputs, views, present, hidden).items()}
