"""Rows through a temporal network at many times."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from .network import TemporalNetwork

BLOCK = 1 << 16
"""Embeddings in one go."""


def sweep_rows(
    network: TemporalNetwork, modality: str, rows: NDArray[Any], taus: Tensor, *, unit: bool
) -> NDArray[np.float32]:
    """Embeds each row at each time, on the device where the network is.

    Args:
        network: The network, in evaluation mode.
        modality: What the rows are of.
        rows: (n, d) without NaN, as the network was trained on; the time in their last column is not looked at.
        taus: (T,) shares of the span.
        unit: Give embeddings unit length.

    Returns:
        (n, T, k).
    """
    device = next(network.parameters()).device
    out = np.empty((len(rows), len(taus), network.n_components), np.float32)
    step = max(1, BLOCK // max(1, len(taus)))
    with torch.inference_mode():
        for start in range(0, len(rows), step):
            x = torch.from_numpy(rows[start : start + step].astype(np.float32)).to(device)
            swept = network.sweep(modality, x, taus.to(device))
            out[start : start + step] = (F.normalize(swept, dim=-1) if unit else swept).cpu().numpy()
    return out
