"""A collection of a million vectors of 256 numbers: built, searched, filtered, changed; beside faiss and usearch.

The vectors are generated: unit length, around one centre for each thousand, in 32 directions with some noise in all. A
question is another draw of the same. Recall is that of the ten nearest, against an exact scan in NumPy. The conditions
are by chance, a tenth, a hundredth and a thousandth of all, and one that holds for a tenth of the clusters and is asked
by questions of the others. A collection is searched by `Collection.search`, which returns hits with their metadata from
disk; the others hold vectors in memory and return numbers. Graphs are built with 32 connections and searched with the
least effort that reaches the same recall.

    python benchmarks/collection_million.py --out benchmarks/results/collection_million.json
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from collection_peers import faiss_flat, faiss_hnsw, usearch_hnsw
from measured import seconds as timed
from measured import write_result
from numpy.typing import NDArray
from peers import require_faiss_and_usearch

import commonspace as cs

DIM, LATENT, PER_CLUSTER, RECALL, CHANGED = 256, 32, 1_000, 0.99, 10_000
SHARES = {"a tenth": 0.1, "a hundredth": 0.01, "a thousandth": 0.001}
FAR = "a tenth of the clusters, asked from others"
BLOCK = 50_000


class Source:
    """Draws the vectors."""

    def __init__(self, rows: int, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self.clusters = max(50, rows // PER_CLUSTER)
        self._centres = self._rng.standard_normal((self.clusters, LATENT))
        self._mix = self._rng.standard_normal((LATENT, DIM)) / np.sqrt(LATENT)

    def draw(self, n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(n, DIM) of unit length, and the cluster of each."""
        X, cluster = np.empty((n, DIM), np.float32), self._rng.integers(self.clusters, size=n)
        for low in range(0, n, BLOCK):
            of = cluster[low : low + BLOCK]
            latent = self._centres[of] + 0.7 * self._rng.standard_normal((len(of), LATENT))
            block = latent @ self._mix + 0.1 * self._rng.standard_normal((len(of), DIM))
            X[low : low + BLOCK] = block / np.linalg.norm(block, axis=1, keepdims=True)
        return X, cluster


def nearest(
    X: NDArray[np.float32], Q: NDArray[np.float32], mask: NDArray[np.bool_] | None = None, k: int = 10
) -> NDArray[np.int64]:
    """The k rows of highest cosine of each question, by looking at all that pass."""
    best, score = np.zeros((len(Q), 0), np.int64), np.zeros((len(Q), 0), np.float32)
    for low in range(0, len(X), BLOCK):
        rows = np.arange(low, min(low + BLOCK, len(X)))
        rows = rows if mask is None else rows[mask[rows]]
        both = np.concatenate([best, np.broadcast_to(rows, (len(Q), len(rows)))], axis=1)
        scores = np.concatenate([score, Q @ X[rows].T], axis=1)
        order = np.argpartition(-scores, min(k, scores.shape[1] - 1), axis=1)[:, :k]
        best, score = np.take_along_axis(both, order, 1), np.take_along_axis(scores, order, 1)
    return best


class Questions:
    """What is asked, what is right, and what an answer is worth."""

    def __init__(self, X: NDArray[np.float32], cluster: NDArray[np.int64], source: Source, count: int) -> None:
        chance = np.random.default_rng(1).random(len(X))
        self.masks = {name: chance < share for name, share in SHARES.items()}
        self.masks[FAR] = cluster < source.clusters // 10
        self.Q, of = source.draw(2 * count)
        far = self.Q[of >= source.clusters // 10][:count]
        self.Q = self.Q[:count]
        self._asked: dict[str | None, NDArray[np.float32]] = {None: self.Q} | dict.fromkeys(SHARES, self.Q) | {FAR: far}
        self._truth = {name: nearest(X, Q, self.masks.get(name or "")) for name, Q in self._asked.items()}

    def measure(
        self, what: str, find: Callable[[NDArray[np.float32]], NDArray[np.int64]], name: str | None
    ) -> dict[str, float]:
        """Recall, and the milliseconds of one question, one after another: those that pass and the processors'.

        The processors' do not rise with what else the machine does. The first tenth is asked twice, to warm.
        """
        asked, truth, times, right = self._asked[name], self._truth[name], [], 0.0
        for q in asked[: len(asked) // 10]:
            find(q)
        busy = time.process_time()
        for q, rows in zip(asked, truth, strict=True):
            started = time.perf_counter()
            found = find(q)
            times.append(1000 * (time.perf_counter() - started))
            right += len({*found.tolist()} & {*rows.tolist()}) / len(rows)
        busy = 1000 * (time.process_time() - busy) / len(asked)
        told = {"recall": right / len(asked), "processor": busy} | {
            f"p{p}": float(np.percentile(times, p)) for p in (50, 95)
        }
        print(f"{what}, {name or 'everything'}: {told}", flush=True)
        return told

    def learn(self, X: NDArray[np.float32], kept: NDArray[np.bool_]) -> None:
        """The rows have changed."""
        self._truth[None] = nearest(X, self.Q, kept)


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def measure_collection(
    folder: Path, X: NDArray[np.float32], late: NDArray[np.float32], asked: Questions, storage: str, codes: str
) -> dict[str, Any]:
    """One collection, from its making to its compaction."""
    n, what = len(X), f"{storage}, {codes}"
    collection = cs.Collection.create(folder, dim=DIM, storage=storage)
    fields = {name: mask.tolist() for name, mask in asked.masks.items()}
    ids = [str(i) for i in range(n)]
    told: dict[str, Any] = {
        "add seconds": timed(lambda: collection.add_vectors(ids, X, modality="image", metadata=fields))
    }
    report = collection.build_index(RECALL, codes=codes)
    print(report, flush=True)
    told |= {"build seconds": report.seconds, "partitions": report.partitions, "recall reported": report.recall}
    collection.optimize(keep=timedelta(0))
    told |= {"bytes": size(folder), "bytes of the index": size(folder / "items.lance" / "_indices")}

    def find(where: dict[str, Any] | None) -> Callable[[NDArray[np.float32]], NDArray[np.int64]]:
        return lambda q: np.array([int(h.id) for h in collection.search(vector=q, to="image", k=10, where=where)])

    told["search"] = asked.measure(what, find(None), None)
    for name in asked.masks:
        told[name] = asked.measure(what, find({name: True}), name)
    seconds = timed(lambda: collection.search_many(vectors=asked.Q, to="image", k=10))
    told["milliseconds of each of many at once"] = 1000 * seconds / len(asked.Q)
    if storage == "float32" and codes == "sq":
        told["changes"] = measure_changes(collection, X, late, asked, find(None))
    told["peak megabytes of the process"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return told


def measure_changes(
    collection: cs.Collection,
    X: NDArray[np.float32],
    late: NDArray[np.float32],
    asked: Questions,
    find: Callable[[NDArray[np.float32]], NDArray[np.int64]],
) -> dict[str, Any]:
    """Rows added, deleted and compacted without building the index anew."""
    n, count = len(X), len(late)
    ids = [str(n + i) for i in range(count)]
    none = {name: [False] * count for name in asked.masks}
    told: dict[str, Any] = {
        "rows": count,
        "add seconds": timed(lambda: collection.add_vectors(ids, late, modality="image", metadata=none)),
        "delete seconds": timed(lambda: collection.delete([str(i) for i in range(count)])),
    }
    asked.learn(np.concatenate([X, late]), np.arange(n + count) >= count)
    told["search"] = asked.measure("after changes", find, None)
    told["optimize seconds"] = timed(lambda: collection.optimize(keep=timedelta(0)))
    told["search after optimize"] = asked.measure("after optimize", find, None)
    index = collection.index
    assert index is not None
    told |= {"unindexed": index.unindexed, "recall reported": index.recall, "bytes": size(collection.path)}
    return told


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many vectors")
    parser.add_argument("--queries", type=int, default=500, help="how many questions")
    parser.add_argument("--folder", type=Path, help="where stores are put meanwhile; default: the system's place")
    parser.add_argument("--half", action="store_true", help="float16 too, which takes hours to index at a million")
    parser.add_argument("--no-peer", action="store_true", help="without faiss and usearch")
    arguments = parser.parse_args()
    if not arguments.no_peer:
        require_faiss_and_usearch()
    source = Source(arguments.rows)
    X, cluster = source.draw(arguments.rows)
    late, _ = source.draw(min(CHANGED, arguments.rows // 5))
    asked = Questions(X, cluster, source, arguments.queries)
    report: dict[str, Any] = {"rows": len(X), "dim": DIM, "queries": len(asked.Q), "recall asked for": RECALL}
    peers: dict[str, Any] = {}
    if not arguments.no_peer:  # first: the changes to the collection change what is right
        peers["faiss flat"] = faiss_flat(X, asked.masks, asked.measure)
        peers["faiss HNSW"] = faiss_hnsw(X, asked.masks, asked.measure, RECALL)
        peers["usearch HNSW"] = usearch_hnsw(X, asked.measure, RECALL)
    ours: dict[str, Any] = {}
    kinds = [("float32", "pq"), ("float32", "sq")]
    for storage, codes in [("float16", "sq")] * arguments.half + kinds:
        folder = Path(tempfile.mkdtemp(dir=arguments.folder)) / "store"
        ours[f"{storage}, {codes}"] = measure_collection(folder, X, late, asked, storage, codes)
        shutil.rmtree(folder.parent)
    plain = ours["float32, sq"]
    ratios = {
        name: {
            "build seconds": peer["build seconds"] / (plain["add seconds"] + plain["build seconds"]),
            "bytes": peer["bytes"] / plain["bytes"],
            **{
                part: peer[part]["processor"] / plain[part]["processor"]
                for part in ("search", *asked.masks)
                if part in peer
            },
        }
        for name, peer in peers.items()
    }
    packages = ("commonspace", "numpy", "pylance", *(() if arguments.no_peer else ("faiss-cpu", "usearch")))
    report |= {
        "collection": ours,
        "peers": peers,
        "peer / collection, searches by processor time": ratios,
    }
    print(json.dumps(report, indent=1))
    write_result(arguments.out, report, packages)


if __name__ == "__main__":
    main()
