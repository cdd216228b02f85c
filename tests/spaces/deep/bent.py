"""Views of one hidden variable, each bent in its own way; and a training that is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.training.network import Network

Views = dict[str, NDArray[Any]]


def bent(n: int, seed: int, noise: float = 0.1, modalities: int = 2) -> tuple[Views, NDArray[Any]]:
    """Points of four classes on a circle, seen in each view through a layer of its own that saturates.

    Returns:
        Views and labels.
    """
    rng, maps = np.random.default_rng(seed), np.random.default_rng(99)
    labels = rng.integers(0, 4, n)
    angle = labels * np.pi / 2 + rng.uniform(-0.5, 0.5, n)
    latent = np.column_stack([np.cos(angle), np.sin(angle)])
    views = {}
    for i, name in enumerate(("image", "text", "sound")[:modalities]):
        hidden = np.tanh(latent @ maps.standard_normal((2, 12)) * (1 + i) + maps.standard_normal(12))
        view = hidden @ maps.standard_normal((12, 10 + 2 * i)) + noise * rng.standard_normal((n, 10 + 2 * i))
        views[name] = view.astype(np.float32)
    return views, labels


def counts(n: int, seed: int) -> tuple[Views, NDArray[Any]]:
    """The first view as it was, and words drawn by the class."""
    views, labels = bent(n, seed)
    rates = np.random.default_rng(98).gamma(0.3, size=(4, 15)) + 0.05
    words = np.random.default_rng(seed).poisson(20 * rates[labels] / rates.sum(1)[labels][:, None])
    return {"image": views["image"], "words": words.astype(np.float32)}, labels


@contextmanager
def stopped_at(monkeypatch: pytest.MonkeyPatch, epoch: int) -> Iterator[None]:
    """Ctrl-C comes at the beginning of an epoch, counted from 0 over all stages."""
    epochs = iter(range(epoch + 1))

    def begin_epoch(self: Network, of_stage: int) -> None:
        if next(epochs) == epoch:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Network, "begin_epoch", begin_epoch)
        yield
