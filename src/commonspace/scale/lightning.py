"""How Lightning trains in workers that Ray has started: what it asks about them, answered by Ray.

Ray's own classes for this derive from whichever of `lightning` and `pytorch_lightning` it finds first, and Lightning
refuses those of the other.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from pytorch_lightning.strategies import DDPStrategy
from ray import train as ray_train
from ray.train.torch import get_device


class RayEnvironment(ClusterEnvironment):
    """The workers, their ranks, and where the first of them listens."""

    @property
    def creates_processes_externally(self) -> bool:
        """The workers are there already."""
        return True

    @property
    def main_address(self) -> str:
        """Where the process group meets."""
        return os.environ["MASTER_ADDR"]

    @property
    def main_port(self) -> int:
        """Where the process group meets."""
        return int(os.environ["MASTER_PORT"])

    @staticmethod
    def detect() -> bool:
        """Never chosen by Lightning itself."""
        return False

    def world_size(self) -> int:
        """How many workers there are."""
        return int(ray_train.get_context().get_world_size())

    def set_world_size(self, size: int) -> None:
        """Ray has set it."""

    def global_rank(self) -> int:
        """The number of this worker."""
        return int(ray_train.get_context().get_world_rank())

    def set_global_rank(self, rank: int) -> None:
        """Ray has set it."""

    def local_rank(self) -> int:
        """Its number on its machine."""
        return int(ray_train.get_context().get_local_rank())

    def node_rank(self) -> int:
        """The number of its machine."""
        return int(ray_train.get_context().get_node_rank())


class RayStrategy(DDPStrategy):
    """Data parallel over the workers of Ray, each on the device that Ray gave it."""

    @property
    def root_device(self) -> torch.device:
        """Of this worker."""
        device: torch.device = get_device()
        return device

    @property
    def distributed_sampler_kwargs(self) -> dict[str, Any]:
        """The share of this worker among all, not among the devices of its machine."""
        return {"num_replicas": self.world_size, "rank": self.global_rank}
