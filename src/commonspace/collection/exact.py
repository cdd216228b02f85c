"""The nearest rows by a look at each of them, for many vectors at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def exact_neighbours(
    dataset: Any, vectors: NDArray[np.float32], k: int, where: str | None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Row ids and cosine distances of the k rows nearest to each vector, the nearest first.

    Rows are read once for all vectors, some at a time; Lance, asked for many, takes several times as long.

    Args:
        dataset: Of Lance.
        vectors: (m, d); they are rounded to the type of the stored ones, as a search does.
        k: How many; more than rows pass gives all of these.
        where: Only among rows that pass.

    Returns:
        (m, k) and (m, k).
    """
    kind = dataset.schema.field("vector").type.value_type.to_pandas_dtype()
    asked = vectors.astype(kind).astype(np.float32)
    unit = asked / np.linalg.norm(asked, axis=1, keepdims=True)
    ids: NDArray[np.int64] = np.empty((len(unit), 0), np.int64)
    distances: NDArray[np.float32] = np.empty((len(unit), 0), np.float32)
    for batch in dataset.scanner(columns=["_rowid", "vector"], filter=where).to_batches():
        X = batch["vector"].flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(-1, unit.shape[1])
        further = 1 - (unit @ X.T) / np.linalg.norm(X, axis=1)
        numbers = batch["_rowid"].to_numpy().astype(np.int64)
        if distances.shape[1] == k:
            near = (further < distances.max(1, keepdims=True)).any(0)  # few, once many rows were looked at
            further, numbers = further[:, near], numbers[near]
        distances = np.hstack([distances, further])
        ids = np.hstack([ids, np.broadcast_to(numbers, further.shape)])
        if distances.shape[1] > k:
            kept = np.argpartition(distances, k - 1, axis=1)[:, :k]
            distances, ids = np.take_along_axis(distances, kept, 1), np.take_along_axis(ids, kept, 1)
    order = np.argsort(distances, axis=1, kind="stable")
    return np.take_along_axis(ids, order, 1), np.take_along_axis(distances, order, 1)
