"""How much texts and photos belong together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from .inputs import Pair, Preparation
from .network import TaskNetwork
from .photos import Photos
from .predicting import PAIRS


def match_scores(
    network: TaskNetwork, name: str, pairs: Sequence[Pair], photos: Photos, preparation: Preparation
) -> NDArray[np.float32]:
    """The logit of each pair of text and photo, without dropout.

    Args:
        network: The network, whose mode is left as it was.
        name: Of a task that has one logit for each pair.
        pairs: n of them.
        photos: They are about.
        preparation: As in training.

    Returns:
        (n,).
    """
    training, device = network.training, next(network.parameters()).device
    network.eval()
    found = []
    try:
        with torch.inference_mode():
            for start in range(0, len(pairs), PAIRS):
                part = pairs[start : start + PAIRS]
                logits, _ = network(name, preparation(part, photos).to(device), [1] * len(part))
                found.append(logits[:, 0].float().cpu().numpy())
    finally:
        network.train(training)
    return np.concatenate(found) if found else np.empty(0, np.float32)
