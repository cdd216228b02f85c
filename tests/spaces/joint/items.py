"""Items whose modalities share a latent, each a noisy linear picture of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
DIMS = {"image": 8, "text": 6, "sound": 5}


def latent(n: int, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng((seed, 1)).standard_normal((n, 3))


def views(n: int, seed: int = 0, modalities: int = 3, noise: float = 0.3) -> Arrays:
    rng, maps = np.random.default_rng(seed), np.random.default_rng(99)
    shared = latent(n, seed)
    out = {m: shared @ maps.standard_normal((3, d)) + noise * rng.standard_normal((n, d)) for m, d in DIMS.items()}
    return {m: x.astype(np.float32) for m, x in list(out.items())[:modalities]}


def with_gaps(n: int, seed: int = 0, share: float = 0.3) -> Arrays:
    """Views of which a share is missing, but no item lacks all."""
    out = views(n, seed)
    gone = np.random.default_rng((seed, 2)).random((n, len(out))) < share
    gone[gone.all(1)] = False
    for there, x in zip(gone.T, out.values(), strict=True):
        x[there] = np.nan
    return out
