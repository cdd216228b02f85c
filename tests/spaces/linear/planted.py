"""Views of a shared latent, and canonical correlations by an independent way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Views = dict[str, NDArray[Any]]


def planted(
    n: int = 400, shared: int = 3, p: int = 8, q: int = 6, noise: float = 0.5, seed: int = 0, maps: int = 100
) -> Views:
    """Two views of a shared latent with noise of their own; equal `maps` mean the same population."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(maps)
    latent = rng.standard_normal((n, shared))
    return {
        "image": latent @ fixed.standard_normal((shared, p)) + noise * rng.standard_normal((n, p)) + 2,
        "text": latent @ fixed.standard_normal((shared, q)) + noise * rng.standard_normal((n, q)) - 1,
    }


def bjorck_golub(X: NDArray[Any], Z: NDArray[Any]) -> NDArray[np.float64]:
    """Canonical correlations as cosines of the principal angles between column spaces, from QR decompositions."""
    Qx, Qz = (np.linalg.qr(V - V.mean(0))[0] for V in (X, Z))
    return np.asarray(linalg.svdvals(Qx.T @ Qz))
