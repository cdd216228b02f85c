"""Rows through a trained network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .fusion import JointNetwork
from .network import Network

BLOCK = 8192
"""Rows in one go."""


def embed_rows(network: Network, modality: str, rows: NDArray[Any]) -> NDArray[np.float32]:
    """Embeds rows by a network in evaluation mode, on the device where the network is.

    Args:
        network: The network.
        modality: What the rows are of.
        rows: (n, d) without NaN, as the network was trained on.

    Returns:
        (n, k).
    """
    device = next(network.parameters()).device
    blocks = np.array_split(rows, max(1, -(-len(rows) // BLOCK)))
    with torch.inference_mode():
        embedded = [network.embed(modality, torch.from_numpy(b.astype(np.float32)).to(device)) for b in blocks]
    return np.concatenate([z.float().cpu().numpy() for z in embedded])


def fuse_rows(network: JointNetwork, views: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """(n, k) codes of items by a joint network; see `run_items`."""
    return run_items(network, network.fuse, views)


def run_items(
    network: JointNetwork, run: Callable[[Mapping[str, Tensor], Tensor], Tensor], views: Mapping[str, NDArray[Any]]
) -> NDArray[np.float32]:
    """Runs items through a joint network in evaluation mode, on the device where the network is.

    Args:
        network: The network.
        run: What is run: takes what `JointNetwork.fuse` takes, and gives (n, k).
        views: Modality -> (n, d), of some of the modalities, rows of NaN where an item lacks it.

    Returns:
        (n, k).
    """
    device = next(network.parameters()).device
    n = len(next(iter(views.values())))
    results = []
    with torch.inference_mode():
        for start in range(0, max(n, 1), BLOCK):
            given = {m: torch.from_numpy(x[start : start + BLOCK].astype(np.float32)) for m, x in views.items()}
            rows = len(next(iter(given.values())))
            nothing = torch.zeros(rows, dtype=torch.bool)
            present = torch.stack([~given[m][:, 0].isnan() if m in given else nothing for m in network.dims], 1)
            dense = {m: given[m].nan_to_num() if m in given else torch.zeros(rows, d) for m, d in network.dims.items()}
            results.append(run({m: x.to(device) for m, x in dense.items()}, present.to(device)))
    return np.concatenate([z.float().cpu().numpy() for z in results])
