"""Vector searches of a Lance data set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .effort import Effort

_EVERY = 2**31 - 1
_MOST_TIES = 10_000
_QUERIES_AT_ONCE = 256
_CANDIDATES = 400  # of an HNSW graph, which earlier versions of this library built
_NUMBER = "query_index"  # the column in which Lance tells which of several queries found a row


def nearest_and_tied(
    dataset: Any, vectors: NDArray[np.float32], k: int, where: str | None, effort: Effort | None, columns: list[str]
) -> list[pa.Table]:
    """As `nearest`, and more rows where the last of the k are tied: which make the cut must not be chance."""
    found = nearest(dataset, vectors, k + 1, where, effort, columns)
    for position, table in enumerate(found):
        limit, rows = k + 1, table
        while _cuts_a_tie(rows, k, limit) and limit <= k + _MOST_TIES:
            limit *= 4
            [rows] = nearest(dataset, vectors[position : position + 1], limit, where, effort, columns)
        found[position] = rows
    return found


def nearest(
    dataset: Any, vectors: NDArray[np.float32], k: int, where: str | None, effort: Effort | None, columns: list[str]
) -> list[pa.Table]:
    """For each vector the k rows nearest by cosine, with their distance.

    Args:
        dataset: Of Lance.
        vectors: (m, d).
        k: How many.
        where: Only among rows that pass.
        effort: How hard to look in the index; None for an exact search.
        columns: Of the rows.
    """
    together = 1 if _NUMBER in dataset.schema.names else _QUERIES_AT_ONCE
    found = []
    for low in range(0, len(vectors), together):
        batch = vectors[low : low + together]
        found += _apart(_scanned(dataset, batch, k, where, effort, columns), len(batch))
    return found


def _scanned(
    dataset: Any, vectors: NDArray[np.float32], k: int, where: str | None, effort: Effort | None, columns: list[str]
) -> pa.Table:
    asked: dict[str, Any] = {"column": "vector", "q": vectors if len(vectors) > 1 else vectors[0], "k": k}
    asked |= {"metric": "cosine", "use_index": effort is not None}
    if effort is not None:
        # Without a maximum Lance goes on until it has k rows, of which a narrow condition leaves few in a partition.
        asked |= {"minimum_nprobes": effort.probes or _EVERY, "refine_factor": effort.refine}
        if any("HNSW" in index.index_type for index in dataset.describe_indices()):
            asked["ef"] = max(_CANDIDATES, 2 * effort.refine * k)
    return dataset.scanner(columns=[*columns, "_distance"], nearest=asked, filter=where, prefilter=True).to_table()


def _apart(found: pa.Table, queries: int) -> list[pa.Table]:
    """What was found for several queries, query by query."""
    if queries == 1:
        return [found]
    number = found[_NUMBER].to_numpy()
    found = found.drop_columns([_NUMBER])
    return [found.take(pa.array(np.flatnonzero(number == i))) for i in range(queries)]


def _cuts_a_tie(found: pa.Table, k: int, limit: int) -> bool:
    distances = found["_distance"].to_numpy()
    return len(found) == limit and bool(distances[-1] <= distances[k - 1])
