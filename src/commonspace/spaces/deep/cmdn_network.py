"""The networks of `CMDN`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.training.autoencoders import (
    DeepAutoencoder,
    FirstLayer,
    LayerNetwork,
    pretrained_layer,
    pretraining_of,
    stack_sizes,
)
from commonspace.training.classifiers import Classifiers
from commonspace.training.items import Batch, Items
from commonspace.training.losses.label import label_loss
from commonspace.training.network import Network
from commonspace.training.rbm import RestrictedBoltzmannMachine
from commonspace.training.scaling import Kind, ScaledNetwork
from commonspace.training.stages import Branches, Stage, StagedNetwork

from .base import Classes

if TYPE_CHECKING:
    from .cmdn import CMDN

SPARSITY = (0.2, 0.1)
"""How often the hidden units of the first two machines should be on, as published for images."""


def cmdn_network(space: CMDN, dims: Mapping[str, int], k: int, classes: Classes) -> StagedNetwork:
    """The stages: intra- and inter-modal codes, their combination, classifiers, and levels of joint autoencoders."""
    how, h = pretraining_of(space.preset), space.hidden_sizes[0]
    both = Branches(dims, {"intra": _intra(space, dims), "inter": _inter(space, dims)})
    wide, one = dict.fromkeys(dims, both.n_components), dict.fromkeys(dims, h)
    combination = {m: pretrained_layer(wide[m], h, how, space.noise) for m in dims}
    classifiers = Classifiers(one, (h, h, h), classes.count, classes.likelihood, space.activation, space.dropout)
    levels = [
        Stage(f"level{i + 1}", JointAutoencoder(dict.fromkeys(dims, d), width, classes, space.label_weight, "z-score"))
        for i, (d, width) in enumerate(pairwise((h, 8 * k, 4 * k, 2 * k, k)))
    ]
    return StagedNetwork(
        dims,
        [
            Stage("codes", both),
            Stage("combination", LayerNetwork(wide, combination, "z-score")),
            Stage("classifiers", classifiers),
            *levels,
        ],
    )


class JointMachine(Network):
    """A restricted Boltzmann machine on the codes of all modalities, those that a row lacks inferred from those it has.

    They are inferred by mean field, which gives one answer for a row, whatever other rows come with it; where the
    machine thinks of several, it may not be the likeliest.

    Args:
        dims: Modality -> the number of its columns, which lie between 0 and 1.
        width: The number of hidden units, the code.
        rounds: How often the lacking modalities are inferred.
    """

    means: Tensor

    def __init__(self, dims: Mapping[str, int], width: int, rounds: int = 10) -> None:
        super().__init__(dims, width)
        self.machine = RestrictedBoltzmannMachine(sum(dims.values()), width)
        self.rounds = rounds
        self.register_buffer("means", torch.full((sum(dims.values()),), 0.5))

    def begin(self, items: Items) -> None:
        """The means of the training items, from which the inference starts."""
        self.means.copy_(torch.cat([items.rows(m).mean(0) for m in self.dims]))

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """The hidden units, in the mean field of the row and what it lets expect of the others."""
        widths = list(self.dims.values())
        mean = self.means.expand(len(x), -1)
        own = list(self.dims).index(modality)
        for _ in range(self.rounds):
            visible = list(torch.split(mean, widths, 1))
            visible[own] = x
            hidden = self.machine.hidden(torch.cat(visible, 1))
            mean = self.machine.visible(hidden)
        return hidden

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """That of contrastive divergence on the items that have every modality; in evaluation the squared error."""
        rows = batch.complete()
        v = torch.cat([batch.views[m][rows[m]] for m in self.dims], 1)
        if not len(v):
            return {"joint": self.machine.weight.sum() * 0}
        if self.training:
            return {"joint": self.machine.contrastive_divergence(v)}
        return {"joint": F.mse_loss(self.machine.reconstruct(v), v)}


class JointAutoencoder(ScaledNetwork):
    """One hidden layer of all modalities, which is to reconstruct all of them whatever it sees. Embeds one alone.

    Args:
        dims: Modality -> the number of its columns.
        width: The number of hidden units, the code.
        classes: What is told from the code besides; None for nothing.
        label_weight: The weight of that.
        scaling: How codes are scaled when they are done.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        width: int,
        classes: Classes | None = None,
        label_weight: float = 1.0,
        scaling: Kind = "none",
    ) -> None:
        super().__init__(dims, dict.fromkeys(dims, width), scaling)
        self.encoder = nn.Linear(sum(dims.values()), width)
        self.decoder = nn.Linear(width, sum(dims.values()))
        self.head = nn.Linear(width, classes.count) if classes else None
        self.likelihood = classes.likelihood if classes else "softmax"
        self.label_weight = label_weight

    def code(self, modality: str, x: Tensor) -> Tensor:
        """The hidden units where the other modalities are zero."""
        columns = torch.split(self.encoder.weight, list(self.dims.values()), 1)[list(self.dims).index(modality)]
        return torch.sigmoid(F.linear(x, columns, self.encoder.bias))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The mean squared error of what there is, from all of it and from each modality alone; and the label's."""
        views, present = batch.dense()
        seen = masked_copies(list(views.values()))
        code = torch.sigmoid(self.encoder(seen))
        copies = 1 + len(self.dims)
        sees = torch.stack(list(present.values())).float()
        counted = torch.cat([torch.ones(len(batch), device=seen.device), sees.flatten()])  # which copies see anything
        errors = []
        made = torch.split(self.decoder(code), list(self.dims.values()), 1)
        for m, made_m in zip(self.dims, made, strict=True):
            weight = counted * present[m].repeat(copies)
            error = (made_m - views[m].repeat(copies, 1)).square().mean(1)
            errors.append((weight * error).sum() / weight.sum().clamp_min(1))
        terms = {"reconstruction": torch.stack(errors).mean()}
        if self.head is not None and batch.targets is not None:
            logits, targets = self.head(code), batch.targets.repeat(copies, 1) * counted[:, None]
            terms["label"] = self.label_weight * label_loss(logits, targets, self.likelihood)
        return terms


def masked_copies(views: Sequence[Tensor]) -> Tensor:
    """Every item with all its modalities, and then with each alone, the others zero: three copies of two modalities.

    Args:
        views: (n, d) for each modality.

    Returns:
        ((1 + modalities) n, sum of d).
    """
    alone = [
        torch.cat([x if j == i else torch.zeros_like(x) for j, x in enumerate(views)], 1) for i in range(len(views))
    ]
    return torch.cat([torch.cat(list(views), 1), *alone])


def _intra(space: CMDN, dims: Mapping[str, int]) -> StagedNetwork:
    """An autoencoder for each modality, its outermost layers first."""
    whole = DeepAutoencoder(dims, space.hidden_sizes, space.activation, space.counts)
    first = [Stage("first", FirstLayer(whole), passes=False)] if len(space.hidden_sizes) > 1 else []
    return StagedNetwork(dims, [*first, Stage("whole", whole)])


def _inter(space: CMDN, dims: Mapping[str, int]) -> StagedNetwork:
    """Two layers for each modality and a joint one."""
    how, h = pretraining_of(space.preset), space.hidden_sizes[0]
    stages, widths = [], dict(dims)
    for i in range(2):
        layers = {}
        for m in dims:
            counts = m in space.counts
            width = stack_sizes(m, (2 * h, h), space.counts)[i]
            sparsity = None if counts else SPARSITY[i]
            layers[m] = pretrained_layer(
                widths[m], width, how, space.noise, first=i == 0, counts=counts, target_sparsity=sparsity
            )
        network = LayerNetwork(widths, layers)
        stages.append(Stage(f"layer{i + 1}", network))
        widths = network.widths
    joint = JointMachine(widths, 2 * h) if how == "rbm" else JointAutoencoder(widths, 2 * h)
    return StagedNetwork(dims, [*stages, Stage("joint", joint)])
