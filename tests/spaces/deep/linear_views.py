"""Views that a linear map brings together: a shared latent, and classes that a hyperplane parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DIMS = {"image": 7, "text": 6, "audio": 5}


def linear_views(
    n: int = 200, modalities: int = 2, noise: float = 0.3, seed: int = 0
) -> tuple[dict[str, NDArray[np.float64]], NDArray[Any]]:
    """Linear maps of three shared numbers with noise, and which of them is the largest."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(9)
    latent = rng.standard_normal((n, 3))
    views = {}
    for m, d in list(DIMS.items())[:modalities]:
        views[m] = latent @ fixed.standard_normal((3, d)) + noise * rng.standard_normal((n, d))
    return views, latent.argmax(1)
