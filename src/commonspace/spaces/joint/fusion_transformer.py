"""The fusion transformer: attention over one token of each modality, with masks for what is absent."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from numbers import Integral, Real
from typing import Any, ClassVar, Unpack

import torch
from sklearn.utils._param_validation import Interval
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.errors import ParameterError
from commonspace.spaces.deep.base import Classes
from commonspace.spaces.deep.parameters import CONSTRAINTS, DeepParameters
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags
from commonspace.training.fusion import Hidden, subsets
from commonspace.training.items import Batch
from commonspace.training.layers import ByModality, multilayer
from commonspace.training.losses.contrastive import info_nce
from commonspace.training.losses.reconstruction import Likelihood
from commonspace.training.losses.relations import relations
from commonspace.training.reconstruction import ReconstructingNetwork

from .reconstructing import ReconstructingSpace


class FusionTransformer(ReconstructingSpace):
    r"""Fusion transformer: a token of each modality and one of the item, which attends to those that are there.

    A network of each modality gives its token, to which a vector learnt for the modality is added. With a token of the
    item's own they pass through `layers` blocks of self-attention, in which absent modalities are masked; a linear map
    of the item's token is the code z. It learns without labels, as the multimodal autoencoder does: each item is shown
    whole, with each modality alone and, of three or more, with a random part S, and

    $$L = \sum_m \operatorname{mean}_{i, S} \frac{1}{d_m} \sum_j \ell_m(x_{ij}^m, \hat x_{ij}^m(z_i^S))
      + \gamma \operatorname{mean}_{m < m'} L_\mathrm{NCE}(z^{\{m\}}, z^{\{m'\}}),$$

    where the second term, symmetric InfoNCE, draws the codes of an item's single modalities together, so that they can
    be compared. The design is ours, of published parts.

    Args:
        n_components: The length k of the code.
        width: The length of a token, a multiple of `heads`.
        layers: Blocks of self-attention.
        heads: Of each block.
        contrast: gamma; 0 only reconstructs.
        scale: Of the cosines in the second term, the inverse of the temperature.
        losses: As in `MultimodalAutoencoder`.
        training: What all deep spaces take, `DeepParameters`. Its own defaults: hidden_sizes=(256,),
            learning_rate=3e-4, monitor="loss".

    Attributes:
        history_: See `DeepSpace`, which also has the other attributes.

    Example:
        ```python
        space = FusionTransformer(random_state=0).fit({"image": X, "text": Z, "sound": A})
        space.transform({"image": X, "sound": A})["joint"]
        ```

    References:
        A. Vaswani et al., Attention is all you need, NeurIPS 2017; J. Ngiam et al., Multimodal deep learning, ICML
        2011; A. Radford et al., Learning transferable visual models from natural language supervision, ICML 2021.
    """

    tags: ClassVar[SpaceTags] = SpaceTags(joint=True, missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "n_components": CONSTRAINTS["n_components"][:1],
        "width": [Interval(Integral, 2, None, closed="left")],
        "layers": [Interval(Integral, 1, None, closed="left")],
        "heads": [Interval(Integral, 1, None, closed="left")],
        "contrast": [Interval(Real, 0, None, closed="left")],
        "scale": [Interval(Real, 0, None, closed="neither")],
        "losses": [Mapping, None],
    }
    n_components: int

    def __init__(
        self,
        n_components: int = 128,
        *,
        width: int = 128,
        layers: int = 2,
        heads: int = 4,
        contrast: float = 1.0,
        scale: float = 10.0,
        losses: Mapping[str, Likelihood] | None = None,
        **training: Unpack[DeepParameters],
    ) -> None:
        own: DeepParameters = {"hidden_sizes": (256,), "learning_rate": 3e-4, "monitor": "loss"}
        parameters: DeepParameters = {**own, **training}
        super().__init__(n_components, **parameters)
        self.width = width
        self.layers = layers
        self.heads = heads
        self.contrast = contrast
        self.scale = scale
        self.losses = losses

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        return [{"layers": (1, 2), "contrast": (0.3, 1.0, 3.0), "dropout": (0.1, 0.3)}]

    def _network(self, dims: Mapping[str, int], classes: Classes) -> FusionTransformerNetwork:
        if self.width % self.heads:
            raise ParameterError(
                f"width={self.width} and heads={self.heads}: expected a multiple of the heads, which share the columns "
                "of a token."
            )
        return FusionTransformerNetwork(self, dims)


class FusionTransformerNetwork(ReconstructingNetwork):
    """Tokens, blocks of attention, decoders, and the loss of `FusionTransformer`."""

    def __init__(self, space: FusionTransformer, dims: Mapping[str, int]) -> None:
        k, w, sizes, dropout = space.n_components, space.width, tuple(space.hidden_sizes), space.dropout
        super().__init__(dims, k, sizes, space.activation, dropout, space.losses)
        self.contrast, self.scale = space.contrast, space.scale
        self.tokens = ByModality({m: multilayer((d, *sizes, w), space.activation, dropout) for m, d in dims.items()})
        self.kinds = nn.Parameter(0.02 * torch.randn(len(dims), w))
        self.item = nn.Parameter(0.02 * torch.randn(w))
        block = nn.TransformerEncoderLayer(w, space.heads, 2 * w, dropout, "gelu", batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, space.layers, nn.LayerNorm(w), enable_nested_tensor=False)
        self.code = nn.Linear(w, k)

    def fuse(self, views: Mapping[str, Tensor], present: Tensor) -> Tensor:
        """The code, from the item's token."""
        tokens = torch.stack([self.tokens(m, self.seen(m, x)) for m, x in views.items()], 1) + self.kinds
        sequence = torch.cat([self.item.expand(len(present), 1, -1), tokens], 1)
        absent = F.pad(~present, (1, 0))  # the item's own token is always there
        code: Tensor = self.code(self.blocks(sequence, src_key_padding_mask=absent)[:, 0])
        return code

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The error of each modality, and the contrast of single modalities."""
        views, present = self.dense(batch)
        ways = subsets(present, random=self.training)
        hidden = Hidden.of(views, present, ways)
        codes = self.fuse(hidden.views, hidden.shown)
        errors = self.errors(self.decode(codes), views, present, hidden)
        terms = {m: cost.mean() for m, cost in errors.items()}
        if self.contrast:
            terms["contrast"] = self.contrast * self._contrast(codes, hidden, batch)
        return terms

    def _contrast(self, codes: Tensor, hidden: Hidden, batch: Batch) -> Tensor:
        """The mean over pairs of modalities."""
        alone = hidden.shown.sum(1) == 1
        found = []
        for a, b in combinations(range(hidden.shown.shape[1]), 2):
            rows = [self._rows(hidden, alone & hidden.shown[:, m], len(batch)) for m in (a, b)]
            both = (rows[0] >= 0) & (rows[1] >= 0)
            if both.sum() > 1:
                first, second = (F.normalize(codes[r[both]], dim=1) for r in rows)
                item = batch.item[both]
                found.append(info_nce(first @ second.T, relations(item, item), self.scale))
        return torch.stack(found).mean() if found else codes.sum() * 0

    def _rows(self, hidden: Hidden, chosen: Tensor, n: int) -> Tensor:
        """(n,) of each item of the batch a row among those chosen; -1 where it has none."""
        rows = chosen.nonzero()[:, 0]
        return torch.full((n,), -1, device=rows.device).scatter(0, hidden.item[rows], rows)
