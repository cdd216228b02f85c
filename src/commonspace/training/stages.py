"""Networks that are trained one after another, each on what those before it make of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .items import Batch
from .network import Network


@dataclass(frozen=True)
class Stage:
    """One of the networks that follow one another.

    Attributes:
        name: Of the stage.
        network: What is trained in it.
        passes: Whether the next stage learns from its embeddings; else from what this one learnt from, as where the
            stage only prepares layers that the next one has too.
    """

    name: str
    network: Network
    passes: bool = True


class StagedNetwork(Network):
    """Networks one after another.

    Args:
        dims: Modality -> the number of its columns.
        stages: In the order in which they are trained; the last one's embedding is that of the whole.
    """

    def __init__(self, dims: Mapping[str, int], stages: Sequence[Stage]) -> None:
        super().__init__(dims, stages[-1].network.n_components)
        self.stages = tuple(stages)
        self.networks = nn.ModuleList(stage.network for stage in stages)

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """Through every stage that passes on."""
        return self._through(self.stages, modality, x)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """That of the last stage; those before it do not learn."""
        with torch.no_grad():
            views = {m: self._through(self.stages[:-1], m, x) for m, x in batch.views.items()}
        return self.stages[-1].network.loss(replace(batch, views=views))

    @staticmethod
    def _through(stages: Sequence[Stage], modality: str, x: Tensor) -> Tensor:
        for stage in stages:
            if stage.passes:
                x = stage.network.embed(modality, x)
        return x


class Branches(Network):
    """Networks side by side on the same rows, the embeddings of each after one another.

    Args:
        dims: Modality -> the number of its columns.
        branches: Name -> network, in the order in which they are trained.
    """

    def __init__(self, dims: Mapping[str, int], branches: Mapping[str, Network]) -> None:
        super().__init__(dims, sum(network.n_components for network in branches.values()))
        self.branches = dict(branches)
        self.networks = nn.ModuleList(branches.values())

    def embed(self, modality: str, x: Tensor) -> Tensor:
        """(n, d) rows of one modality -> the columns of every branch."""
        return torch.cat([network.embed(modality, x) for network in self.branches.values()], 1)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of every branch."""
        return {
            f"{name}: {term}": value
            for name, network in self.branches.items()
            for term, value in network.loss(batch).items()
        }
