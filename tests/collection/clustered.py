"""Vectors as embeddings lie: in clusters that overlap, in fewer directions than they have numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LATENT = 16


class Clustered:
    """Draws vectors of unit length.

    Args:
        clusters: How many.
        dim: The length of a vector.
        seed: The same gives the same.
        gap: How far a modality of number m lies from that of number 0, along a direction of its own.
    """

    def __init__(self, clusters: int, dim: int, seed: int = 0, gap: float = 0.0) -> None:
        self._rng = np.random.default_rng(seed)
        self._centres = self._rng.standard_normal((clusters, LATENT))
        self._mix = self._rng.standard_normal((LATENT, dim)) / np.sqrt(LATENT)
        self._gap = gap * self._rng.standard_normal(dim)

    def draw(self, n: int, modality: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(n, dim) vectors and the cluster of each."""
        cluster = self._rng.integers(len(self._centres), size=n)
        latent = self._centres[cluster] + 0.7 * self._rng.standard_normal((n, LATENT))
        X = latent @ self._mix + 0.1 * self._rng.standard_normal((n, self._mix.shape[1])) + modality * self._gap
        return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), cluster
