"""Rows through a trained network."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

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
