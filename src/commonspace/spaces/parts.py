"""Embeddings of items with parts, as single rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def flatten_parts(embedding: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Every part that is there as one row, and the item each belongs to.

    Args:
        embedding: (n, k), or (n, r, k) with NaN where an item has fewer parts or none.

    Returns:
        (rows, k) and (rows,) item numbers.
    """
    parts = embedding.reshape(len(embedding), -1, embedding.shape[-1])
    item, slot = np.nonzero(~np.isnan(parts[..., 0]))
    return parts[item, slot], item
