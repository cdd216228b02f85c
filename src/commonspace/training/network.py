"""What a method gives to the training: a network that embeds each modality and says how wrong it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from torch import Tensor, nn

from .items import Batch, Items
from .layers import ByModality, multilayer
from .processes import together


class Network(nn.Module, ABC):
    """A network over several modalities.

    Args:
        dims: Modality -> the number of its columns.
        n_components: The length of an embedding.

    Attributes:
        shares_batches: Whether processes that train together embed each batch together, by `together`, so that the loss
            is that of the whole batch. Else each has batches of its own.
    """

    shares_batches: ClassVar[bool] = False

    def __init__(self, dims: Mapping[str, int], n_components: int) -> None:
        super().__init__()
        self.dims, self.n_components = dict(dims), n_components

    @abstractmethod
    def embed(self, modality: str, x: Tensor) -> Tensor:
        """(n, d) rows of one modality -> (n, k)."""

    @abstractmethod
    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the loss by name, already weighted: their sum is minimised."""

    def begin(self, items: Items) -> None:
        """Called once before the first epoch, with all items."""

    def begin_epoch(self, epoch: int) -> None:
        """Called before each epoch, counted from 0."""

    def settle(self, items: Items) -> None:
        """Called with all items, in evaluation mode, before the network is measured or used."""


class Projections(Network):
    """A multilayer perceptron for each modality, all into one space; a method adds its loss.

    Args:
        dims: Modality -> the number of its columns.
        n_components: The length of an embedding.
        hidden_sizes: Of the hidden layers.
        activation: After each hidden layer, one of `ACTIVATIONS`.
        dropout: Of the hidden layers.
    """

    shares_batches: ClassVar[bool] = True

    def __init__(
        self,
        dims: Mapping[str, int],
        n_components: int,
        hidden_sizes: Sequence[int] = (),
        activation: str = "relu",
        dropout: float = 0.0,
    ) -> None:
        super().__init__(dims, n_components)
        self.projections = ByModality(
            {m: multilayer((d, *hidden_sizes, n_components), activation, dropout) for m, d in dims.items()}
        )

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """(n, d) rows of one modality -> (n, k)."""
        embedded: Tensor = self.projections(modality, x)
        return embedded

    def embed_batch(self, batch: Batch) -> dict[str, Tensor]:
        """Modality -> (b_m, k), of the modalities that the batch has rows of; by all processes that train together."""
        return {m: together(partial(self.embed, m), x) for m, x in batch.views.items() if len(x)}
