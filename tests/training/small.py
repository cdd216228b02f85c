"""Small items, a small network and settings with which a training takes an instant."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from commonspace.training.items import Batch, Items
from commonspace.training.network import Projections
from commonspace.training.settings import TrainingSettings

DIMS = {"image": 5, "text": 4}


def views(n: int = 60, parts: int = 1, gaps: bool = False, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Views of a shared latent: (n, d), or (n, parts, d) for texts; with gaps each third item lacks one of the two."""
    rng, maps = np.random.default_rng(seed), np.random.default_rng(1)
    latent = rng.standard_normal((n, 2))
    out = {m: latent @ maps.standard_normal((2, d)) + 0.1 * rng.standard_normal((n, d)) for m, d in DIMS.items()}
    if parts > 1:
        out["text"] = out["text"][:, None] + 0.1 * rng.standard_normal((n, parts, DIMS["text"]))
    if gaps:
        out["image"][::3], out["text"][1::3] = np.nan, np.nan
    return {m: x.astype(np.float32) for m, x in out.items()}


def one_hot(classes: NDArray[Any] | list[int], count: int) -> NDArray[np.float64]:
    """Targets; a class of -1 gives a row of zeros."""
    chosen = np.asarray(classes)
    return np.asarray(chosen[:, None] == np.arange(count), np.float64)


def items(n: int = 60, classes: int = 3, **how: Any) -> Items:
    """The views as items, with balanced classes."""
    return Items(views(n, **how), one_hot(np.arange(n) % classes, classes))


class Small(Projections):
    """Draws the modalities of an item together and tells classes apart; dropout, so that chance plays a part."""

    def __init__(self, dropout: float = 0.3, activation: str = "tanh", seed: int = 0) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            super().__init__(DIMS, 3, (6,), activation, dropout)

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """A cross-entropy for each modality that the batch has."""
        terms = {}
        for m, z in self.embed_batch(batch).items():
            targets = batch.targets_of(m)
            assert targets is not None
            terms[m] = F.cross_entropy(z, targets)
        return terms


def settings(**changed: Any) -> TrainingSettings:
    """Five epochs; change what you like."""
    values: dict[str, Any] = {
        "learning_rate": 1e-2,
        "weight_decay": 1e-2,
        "schedule": "constant",
        "max_epochs": 5,
        "patience": None,
        "monitor": "score",
        "seed": 3,
        "description": "small",
    }
    return TrainingSettings(**values | changed)


def weights(network: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of all that the network has learnt."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def assert_same_weights(got: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """To the last bit."""
    assert list(got) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(got[name], tensor), name
