"""Layers that learn to reconstruct what they see, one at a time or stacked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .items import Batch
from .layers import ACTIVATIONS, ByModality, multilayer
from .rbm import RestrictedBoltzmannMachine, VisibleKind
from .scaling import Kind, ScaledNetwork

Pretraining = Literal["denoising", "rbm"]


class Layer(nn.Module, ABC):
    """A layer that learns on its own.

    Args:
        width: The number of its hidden units.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    @abstractmethod
    def hidden(self, x: Tensor) -> Tensor:
        """(n, d) -> (n, width)."""

    @abstractmethod
    def loss(self, x: Tensor) -> Tensor:
        """What is minimised; of a layer in evaluation, the mean squared error of its reconstruction."""


class DenoisingLayer(Layer):
    """An autoencoder of one hidden layer that reconstructs what it sees only in part.

    Args:
        d: The number of columns.
        width: Of hidden units.
        activation: Of the hidden units, one of `ACTIVATIONS`.
        noise: The share of the values that is set to zero before the layer sees them.
    """

    def __init__(self, d: int, width: int, activation: str = "sigmoid", noise: float = 0.2) -> None:
        super().__init__(width)
        self.encoder = nn.Sequential(nn.Linear(d, width), ACTIVATIONS[activation]())
        self.decoder = nn.Linear(width, d)
        self.noise = noise

    def hidden(self, x: Tensor) -> Tensor:
        """The hidden units of rows as they are."""
        hidden: Tensor = self.encoder(x)
        return hidden

    def loss(self, x: Tensor) -> Tensor:
        """The mean squared error."""
        seen = x * (torch.rand_like(x) >= self.noise) if self.training and self.noise else x
        return F.mse_loss(self.decoder(self.hidden(seen)), x)


class BoltzmannLayer(Layer):
    """A restricted Boltzmann machine that learns by contrastive divergence.

    Args:
        d: The number of columns.
        width: Of hidden units.
        kind: Of the visible units.
        target_sparsity: How often a hidden unit should be on; None asks nothing.
    """

    def __init__(self, d: int, width: int, kind: VisibleKind, target_sparsity: float | None = None) -> None:
        super().__init__(width)
        self.machine = RestrictedBoltzmannMachine(d, width, kind)
        self.target_sparsity = target_sparsity

    def hidden(self, x: Tensor) -> Tensor:
        """The probabilities of the hidden units."""
        return self.machine.hidden(x)

    def loss(self, x: Tensor) -> Tensor:
        """In training a loss with the gradient of contrastive divergence, whose value says little."""
        if self.training:
            return self.machine.contrastive_divergence(x, target_sparsity=self.target_sparsity)
        return F.mse_loss(self.machine.reconstruct(x), x)


class LayerNetwork(ScaledNetwork):
    """A layer for each modality, each learning by itself.

    Args:
        dims: Modality -> the number of its columns.
        layers: Modality -> layer.
        scaling: How the hidden units are scaled for what follows.
    """

    def __init__(self, dims: Mapping[str, int], layers: Mapping[str, Layer], scaling: Kind = "none") -> None:
        super().__init__(dims, {m: layer.width for m, layer in layers.items()}, scaling)
        self.layers = dict(layers)
        self.registered = nn.ModuleList(layers.values())

    def code(self, modality: str, x: Tensor) -> Tensor:
        """The hidden units."""
        return self.layers[modality].hidden(x)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """That of each modality."""
        return {m: self.layers[m].loss(x) for m, x in batch.views.items() if len(x)}


class DeepAutoencoder(ScaledNetwork):
    """A multilayer autoencoder for each modality: d -> sizes -> d, with codes between 0 and 1.

    Args:
        dims: Modality -> the number of its columns.
        sizes: Of the hidden layers; the last one is the code.
        activation: After each of them.
        logarithms: Modalities that are counts: the network sees log(1 + count).
    """

    def __init__(
        self, dims: Mapping[str, int], sizes: Sequence[int], activation: str, logarithms: Collection[str] = ()
    ) -> None:
        super().__init__(dims, dict.fromkeys(dims, sizes[-1]), "min-max")
        self.logarithms = tuple(logarithms)
        self.encoders = ByModality({m: multilayer((d, *sizes), activation, last=True) for m, d in dims.items()})
        self.decoders = ByModality({m: multilayer((*reversed(sizes), d), activation) for m, d in dims.items()})

    def seen(self, modality: str, x: Tensor) -> Tensor:
        """What the network sees of a row."""
        return x.log1p() if modality in self.logarithms else x

    def code(self, modality: str, x: Tensor) -> Tensor:
        """The middle layer."""
        code: Tensor = self.encoders(modality, self.seen(modality, x))
        return code

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The mean squared error of each modality."""
        return {
            m: F.mse_loss(self.decoders(m, self.code(m, x)), self.seen(m, x)) for m, x in batch.views.items() if len(x)
        }


class FirstLayer(ScaledNetwork):
    """The outermost layers of an autoencoder, which learn first and by themselves.

    Args:
        whole: The autoencoder, which keeps the layers.
    """

    def __init__(self, whole: DeepAutoencoder) -> None:
        encoders: dict[str, Any] = {m: whole.encoders.of(m) for m in whole.dims}
        decoders: dict[str, Any] = {m: whole.decoders.of(m) for m in whole.dims}
        super().__init__(whole.dims, {m: layers[0].out_features for m, layers in encoders.items()})
        self.encoders = ByModality({m: layers[:2] for m, layers in encoders.items()})
        self.decoders = ByModality({m: layers[-1] for m, layers in decoders.items()})
        self.seen = whole.seen

    def code(self, modality: str, x: Tensor) -> Tensor:
        """The first hidden layer."""
        code: Tensor = self.encoders(modality, self.seen(modality, x))
        return code

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The mean squared error of each modality."""
        return {
            m: F.mse_loss(self.decoders(m, self.code(m, x)), self.seen(m, x)) for m, x in batch.views.items() if len(x)
        }


def stack_sizes(modality: str, sizes: Sequence[int], counts: Collection[str]) -> tuple[int, ...]:
    """The sizes of a modality's layers: those given, and for word counts the last one throughout, as published."""
    return (sizes[-1],) * len(sizes) if modality in counts else tuple(sizes)


def pretrained_layer(
    d: int,
    width: int,
    how: Pretraining,
    noise: float,
    *,
    first: bool = False,
    counts: bool = False,
    target_sparsity: float | None = None,
) -> Layer:
    """A layer of hidden units between 0 and 1, of either sort.

    Args:
        d: The number of columns.
        width: Of hidden units.
        how: Of which sort.
        noise: Of a denoising layer.
        first: Whether it sees the columns of a view; else units between 0 and 1.
        counts: Whether these are word counts.
        target_sparsity: Of a Boltzmann machine.
    """
    if how == "rbm":
        kind: VisibleKind = "replicated-softmax" if counts else "gaussian"
        return BoltzmannLayer(d, width, kind if first else "bernoulli", target_sparsity)
    return DenoisingLayer(d, width, "sigmoid", noise)


def pretraining_of(preset: str) -> Pretraining:
    """As what the layers of the methods with presets are pretrained: "paper" has Boltzmann machines."""
    return "rbm" if preset == "paper" else "denoising"
