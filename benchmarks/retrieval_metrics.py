"""Time mAP@all against torchmetrics and scikit-learn on one input, and, with --large, on one that no matrix could hold.

The input: float32 cosine similarities of random vectors, 10 classes. All libraries get arrays of
their own kind before the clock starts, and their results must agree, or the run fails. The vectors have no negative
entries, because torchmetrics (1.9) counts a relevant item whose score is not above 0 as irrelevant.

With --large, beside the metrics stand the products of the vectors alone, a block of rows at a time, which is the least
that any of them has to do; Recall@K is that of pairs, each query with one right item.

    python benchmarks/retrieval_metrics.py --large --size 100000 --dim 256 --out FILE
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measured import write_result

from commonspace import metrics

CLASSES = 10
DIM = 64
ROWS = 32  # of products that are formed together, as the metrics do with a gallery of 100,000
TOLERANCE = 1e-5  # torchmetrics computes in float32


def make_input(n: int, seed: int, dim: int = DIM) -> tuple[metrics.CosineSimilarity, metrics.SameLabel]:
    """Lazy scores and relevance of n queries and n gallery items."""
    rng = np.random.default_rng(seed)
    queries, gallery = (np.abs(rng.standard_normal((n, dim), dtype=np.float32)) for _ in range(2))
    query_labels, gallery_labels = (rng.integers(0, CLASSES, n) for _ in range(2))
    return metrics.CosineSimilarity(queries, gallery), metrics.SameLabel(query_labels, gallery_labels)


def compare(n: int, repeats: int, seed: int) -> dict[str, Any]:
    """Medians of repeated runs of each library on n x n, taken in turn so that a slow minute hits all alike."""
    import torch
    from sklearn.metrics import average_precision_score
    from torchmetrics.functional.retrieval import retrieval_average_precision
    from torchmetrics.retrieval import RetrievalMAP

    lazy_scores, lazy_relevant = make_input(n, seed)
    scores, relevant = lazy_scores[0:n], lazy_relevant[0:n]
    torch_scores, torch_relevant = torch.from_numpy(scores), torch.from_numpy(relevant)
    flat_scores, flat_relevant = torch_scores.flatten(), torch_relevant.flatten()
    groups = torch.arange(n).repeat_interleave(n)

    def torchmetrics_class() -> float:
        metric = RetrievalMAP()
        metric.update(flat_scores, flat_relevant, indexes=groups)
        return float(metric.compute())

    def torchmetrics_function() -> float:
        rows = zip(torch_scores, torch_relevant, strict=True)
        return statistics.fmean(float(retrieval_average_precision(s, r)) for s, r in rows)

    def scikit_learn() -> float:
        rows = zip(relevant, scores, strict=True)
        return statistics.fmean(float(average_precision_score(r, s)) for r, s in rows)

    runs: dict[str, Callable[[], float]] = {
        "commonspace": lambda: metrics.mean_average_precision(scores, relevant),
        "commonspace, lazy": lambda: metrics.mean_average_precision(lazy_scores, lazy_relevant),
        "torchmetrics RetrievalMAP": torchmetrics_class,
        "torchmetrics function per query": torchmetrics_function,
        "scikit-learn function per query": scikit_learn,
    }
    values = {name: run() for name, run in runs.items()}  # also the warm-up
    for name, value in values.items():
        if abs(value - values["commonspace"]) > TOLERANCE:
            sys.exit(f"results differ: commonspace {values['commonspace']}, {name} {value}")
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    return {
        "queries": n,
        "gallery": n,
        "repeats": repeats,
        "map": values,
        "seconds": seconds,
        "median_seconds": medians,
        "times_slower_than_commonspace": {name: t / medians["commonspace"] for name, t in medians.items()},
    }


def measure_large(n: int, seed: int, dim: int) -> dict[str, Any]:
    """Seconds of one run of each metric over n x n lazy blocks, and the peak memory of the whole process."""
    scores, relevant = make_input(n, seed, dim)
    pairs = metrics.SameItem(np.arange(n), np.arange(n))

    def products() -> None:
        for start in range(0, n, ROWS):
            scores[start : start + ROWS]

    runs: dict[str, Callable[[], Any]] = {
        "products alone": products,
        "map@all": lambda: metrics.mean_average_precision(scores, relevant),
        "map@50": lambda: metrics.mean_average_precision_at(scores, relevant, 50),
        "recall@1,5,10": lambda: metrics.recall_at_k(scores, pairs, (1, 5, 10)),
    }
    seconds = {}
    for name, run in runs.items():
        start = time.perf_counter()
        run()
        seconds[name] = time.perf_counter() - start
    # Kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"queries": n, "gallery": n, "dim": dim, "seconds": seconds, "peak_rss_gib": peak / 2**30}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the figures, as JSON")
    parser.add_argument("--size", type=int, metavar="N", help="queries and gallery items (2000; with --large 50000)")
    parser.add_argument("--dim", type=int, default=DIM, help=f"of the vectors, with --large (default {DIM})")
    parser.add_argument("--repeats", type=int, default=7, metavar="R", help="timed runs of each library (default 7)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random input (default 0)")
    parser.add_argument(
        "--large", action="store_true", help="measure seconds and peak memory on lazy blocks instead of comparing"
    )
    args = parser.parse_args()

    result = (
        measure_large(args.size or 50_000, args.seed, args.dim)
        if args.large
        else compare(args.size or 2_000, args.repeats, args.seed)
    )
    packages = ("numpy",) if args.large else ("numpy", "torch", "torchmetrics", "scikit-learn")
    write_result(args.out, result, ("commonspace", *packages))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
