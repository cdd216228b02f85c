"""The layers that networks of every method are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
}
"""Name -> the non-linearity after each hidden layer."""


def multilayer(
    sizes: Sequence[int], activation: str = "relu", dropout: float = 0.0, *, last: bool = False
) -> nn.Sequential:
    """Linear layers of the given sizes, with a non-linearity and dropout between them.

    Args:
        sizes: The number of columns that comes in, of each hidden layer, and that goes out.
        activation: One of `ACTIVATIONS`.
        dropout: The share of each hidden layer that is set to zero in training.
        last: Whether the non-linearity and dropout also follow the last layer.
    """
    layers: list[nn.Module] = []
    for i, (d, k) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(d, k))
        if last or i < len(sizes) - 2:
            layers.append(ACTIVATIONS[activation]())
            if dropout:
                layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


class ByModality(nn.ModuleList):
    """A layer for each modality, kept by position: names of modalities may hold any character, those of layers not.

    Args:
        layers: Modality -> layer.
    """

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        super().__init__(layers.values())
        self._position = {modality: i for i, modality in enumerate(layers)}

    def forward(self, modality: str, x: Tensor) -> Tensor:
        """`x` through the layer of one modality."""
        out: Tensor = self[self._position[modality]](x)
        return out

    def of(self, modality: str) -> nn.Module:
        """The layer of one modality."""
        return self[self._position[modality]]
