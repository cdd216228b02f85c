"""faiss and usearch on the vectors of `collection_million.py`: the graph of each, and the exact scan of faiss."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Found = Callable[[NDArray[np.float32]], NDArray[np.int64]]
Measure = Callable[[str, Found, str | None], dict[str, float]]
"""What is measured, how one vector is asked, and under which condition -> recall and milliseconds."""

CONNECTIONS, CONSTRUCTION = 32, 200
EFFORTS = (16, 32, 64, 128, 256, 512, 1024)


def faiss_flat(X: NDArray[np.float32], masks: Mapping[str, NDArray[np.bool_]], measure: Measure) -> dict[str, Any]:
    """The exact scan of faiss, in memory."""
    import faiss

    started = time.perf_counter()
    index = faiss.IndexFlatIP(X.shape[1])
    index.add(X)
    told: dict[str, Any] = {"build seconds": time.perf_counter() - started, "bytes": X.nbytes}
    told["search"] = measure("faiss flat", lambda q: index.search(q[None], 10)[1][0], None)
    for name, mask in masks.items():
        chosen = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little")))
        told[name] = measure("faiss flat", _under(index, chosen), name)
    return told


def faiss_hnsw(
    X: NDArray[np.float32], masks: Mapping[str, NDArray[np.bool_]], measure: Measure, recall: float
) -> dict[str, Any]:
    """The graph of faiss over whole vectors, in memory, with the least effort that reaches the recall."""
    import faiss

    started = time.perf_counter()
    index = faiss.IndexHNSWFlat(X.shape[1], CONNECTIONS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = CONSTRUCTION
    index.add(X)
    told: dict[str, Any] = {"build seconds": time.perf_counter() - started}
    with tempfile.TemporaryDirectory() as folder:
        faiss.write_index(index, f"{folder}/index")
        told["bytes"] = Path(f"{folder}/index").stat().st_size
    for effort in EFFORTS:
        index.hnsw.efSearch = effort
        told["search"] = measure("faiss HNSW", lambda q: index.search(q[None], 10)[1][0], None) | {"effort": effort}
        if told["search"]["recall"] >= recall:
            break
    for name, mask in masks.items():
        bits = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        chosen = faiss.SearchParametersHNSW(sel=bits, efSearch=effort)
        told[name] = measure("faiss HNSW", _under(index, chosen), name)
    return told


def usearch_hnsw(X: NDArray[np.float32], measure: Measure, recall: float) -> dict[str, Any]:
    """The graph of usearch, in memory; it takes no condition."""
    from usearch.index import Index

    started = time.perf_counter()
    index = Index(ndim=X.shape[1], metric="cos", dtype="f32", connectivity=CONNECTIONS // 2, expansion_add=CONSTRUCTION)
    index.add(np.arange(len(X)), X)
    told: dict[str, Any] = {"build seconds": time.perf_counter() - started}
    with tempfile.TemporaryDirectory() as folder:
        index.save(f"{folder}/index")
        told["bytes"] = Path(f"{folder}/index").stat().st_size
    for effort in EFFORTS:
        index.expansion_search = effort
        found = measure("usearch", lambda q: index.search(q, 10).keys.astype(np.int64), None)
        told["search"] = found | {"effort": effort}
        if found["recall"] >= recall:
            break
    return told


def _under(index: Any, chosen: Any) -> Found:
    def find(q: NDArray[np.float32]) -> NDArray[np.int64]:
        return np.asarray(index.search(q[None], 10, params=chosen)[1][0], np.int64)

    return find
