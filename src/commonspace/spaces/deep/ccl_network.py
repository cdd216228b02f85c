"""The networks of `CCL`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from commonspace.training.autoencoders import Layer, LayerNetwork, pretrained_layer, pretraining_of, stack_sizes
from commonspace.training.classifiers import Classifiers
from commonspace.training.correspondence import Correspondence
from commonspace.training.items import Batch
from commonspace.training.layers import ByModality
from commonspace.training.losses.contrastive import pairwise_contrastive, squared_distances
from commonspace.training.losses.label import label_loss
from commonspace.training.losses.relations import relations
from commonspace.training.scaling import ScaledNetwork
from commonspace.training.stages import Branches, Stage, StagedNetwork

from .base import Classes

if TYPE_CHECKING:
    from .ccl import CCL


def ccl_network(space: CCL, dims: Mapping[str, int], k: int, classes: Classes) -> StagedNetwork:
    """The stages: both grains, their joint code, classifiers, and codes that are compared."""
    how = pretraining_of(space.preset)
    h = space.hidden_sizes[-1]
    both, one = dict.fromkeys(dims, 2 * h), dict.fromkeys(dims, h)
    joint = {m: pretrained_layer(2 * h, 2 * h, how, space.noise) for m in dims}
    classifiers = Classifiers(both, (h, h, h), classes.count, classes.likelihood, space.activation, space.dropout)
    return StagedNetwork(
        dims,
        [
            Stage("grains", Branches(dims, {grain: _grain(space, dims, grain) for grain in ("coarse", "fine")})),
            Stage("joint", LayerNetwork(both, joint)),
            Stage("classifiers", classifiers),
            Stage("codes", ComparedCodes(one, k, classes, space.margin)),
        ],
    )


class OfWhole(Layer):
    """A layer that sees the whole of an item: the mean of its parts, or their sum where they are counts.

    Args:
        layer: What sees it.
        parts: The number of blocks of columns that a row has.
        total: Take the sum.
    """

    def __init__(self, layer: Layer, parts: int, total: bool) -> None:
        super().__init__(layer.width)
        self.layer, self.parts, self.total = layer, parts, total

    def hidden(self, x: Tensor) -> Tensor:
        """(n, parts d) -> (n, width)."""
        return self.layer.hidden(self._whole(x))

    def loss(self, x: Tensor) -> Tensor:
        """That of the layer on wholes."""
        return self.layer.loss(self._whole(x))

    def _whole(self, x: Tensor) -> Tensor:
        blocks = x.reshape(len(x), self.parts, x.shape[1] // self.parts)
        return blocks.sum(1) if self.total else blocks.mean(1)


class OfParts(Layer):
    """A layer that sees every part of an item by itself.

    Args:
        layer: What sees them.
        parts: The number of blocks of columns that a row has.
        mean: Give the mean over the parts, and not the hidden units of each.
    """

    def __init__(self, layer: Layer, parts: int, mean: bool) -> None:
        super().__init__(layer.width if mean else parts * layer.width)
        self.layer, self.parts, self.mean = layer, parts, mean

    def hidden(self, x: Tensor) -> Tensor:
        """(n, parts d) -> (n, width) or (n, parts width)."""
        hidden = self.layer.hidden(self._parts(x)).reshape(len(x), self.parts, self.layer.width)
        return hidden.mean(1) if self.mean else hidden.reshape(len(x), self.width)

    def loss(self, x: Tensor) -> Tensor:
        """That of the layer on the parts of all items."""
        return self.layer.loss(self._parts(x))

    def _parts(self, x: Tensor) -> Tensor:
        return x.reshape(len(x) * self.parts, x.shape[1] // self.parts)


class ComparedCodes(ScaledNetwork):
    """The second stage: codes compared across modalities beside a classifier. Embeds by z-scored codes.

    Args:
        dims: Modality -> the number of its columns.
        k: The length of a code.
        classes: What the classifiers tell apart.
        margin: That items of different classes keep.
    """

    def __init__(self, dims: Mapping[str, int], k: int, classes: Classes, margin: float) -> None:
        super().__init__(dims, dict.fromkeys(dims, k), "z-score")
        self.bodies = ByModality(
            {m: nn.Sequential(nn.Linear(d, d), nn.Sigmoid(), nn.Linear(d, k)) for m, d in dims.items()}
        )
        self.heads = ByModality({m: nn.Linear(k, classes.count) for m in dims})
        self.likelihood, self.margin = classes.likelihood, margin

    def code(self, modality: str, x: Tensor) -> Tensor:
        """Between 0 and 1."""
        return torch.sigmoid(self.bodies(modality, x))

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Distances of all pairs of every two modalities, and cross-entropies."""
        bodies = {m: self.bodies(m, x) for m, x in batch.views.items() if len(x)}
        targets = {m: t for m in bodies if (t := batch.targets_of(m)) is not None}
        labels = [label_loss(self.heads(m, z), targets[m], self.likelihood) for m, z in bodies.items()]
        terms = {"label": torch.stack(labels).sum()}
        codes = {m: torch.sigmoid(z) for m, z in bodies.items()}
        contrastive = [
            pairwise_contrastive(
                squared_distances(codes[a], codes[b]),
                relations(batch.items_of(a), batch.items_of(b), targets[a], targets[b]),
                self.margin,
            )
            for a, b in combinations(codes, 2)
        ]
        if contrastive:
            terms["contrastive"] = torch.stack(contrastive).mean()
        return terms


def _grain(space: CCL, dims: Mapping[str, int], grain: Literal["coarse", "fine"]) -> StagedNetwork:
    """Layers that are pretrained one after another, and the correspondence of their codes."""
    how = pretraining_of(space.preset)
    stages: list[Stage] = []
    widths = dict(dims)
    depth = len(space.hidden_sizes)
    for i in range(depth):
        layers: dict[str, Layer] = {}
        for m in dims:
            parts = (space.parts or {}).get(m, 1)
            first, last = i == 0, i + 1 == depth
            apart = grain == "fine" or first  # the columns are still those of parts
            d = widths[m] // parts if apart else widths[m]
            width = stack_sizes(m, space.hidden_sizes, space.counts)[i]
            layer = pretrained_layer(d, width, how, space.noise, first=first, counts=m in space.counts)
            if grain == "fine":
                layer = OfParts(layer, parts, mean=last)
            elif first:
                layer = OfWhole(layer, parts, total=m in space.counts)
            layers[m] = layer
        network = LayerNetwork(widths, layers, "z-score" if last else "none")
        stages.append(Stage(f"layer{i + 1}", network))
        widths = network.widths
    correspondence = Correspondence(widths, space.hidden_sizes[-1], tie=space.tie, scaling="min-max")
    return StagedNetwork(dims, [*stages, Stage("correspondence", correspondence)])
