"""Time and memory of the triplet loss of a batch, gradients included, against pytorch-metric-learning.

One call: embeddings to unit length, cosine similarities, mining, loss, gradient of the embeddings. Each contender is a
process of its own, which says the median seconds of its calls after a warm-up and how far its resident memory rose
above what it held after a call on a batch of 64, which loads the code. They take turns; quoted are medians over rounds
of the ratio within a round, for one thread and for torch's own number of threads: where other work shares the machine,
the latter measures how long threads wait for one another.

Who meets whom. "all": the same triplets, without a miner and with the one that keeps violating triplets. "hardest":
the same triplets, of every pair with the hardest negative of its anchor (BatchEasyHardMiner, all positives); besides,
miners that understand the word otherwise: all triplets with a negative above the positive, and one triplet per anchor.
"semi-hard": ours takes one negative per pair, theirs every semi-hard triplet. Where the triplets are the same, so must
the loss be, or the run fails.

    python benchmarks/deep_triplet_mining.py --out benchmarks/results/deep_triplet_mining.json

pytorch-metric-learning is no dependency: `pip install pytorch-metric-learning==2.8.1`, or leave it out with --no-peer.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import torch
from measured import write_result
from peers import require_pytorch_metric_learning
from torch import Tensor
from torch.nn import functional as F

from commonspace.training.losses.relations import Relations, relations
from commonspace.training.losses.triplet import Mining, triplet_loss

MARGIN = 0.2
TOLERANCE = 1e-5  # relative; float32 on both sides
OURS: dict[str, Mining] = {"all": "all", "semi-hard": "semi-hard", "hardest": "hardest"}
PEERS: dict[str, tuple[str, dict[str, Any]] | None] = {
    "no miner": None,
    "TripletMarginMiner all": ("TripletMarginMiner", {"margin": MARGIN, "type_of_triplets": "all"}),
    "TripletMarginMiner semihard": ("TripletMarginMiner", {"margin": MARGIN, "type_of_triplets": "semihard"}),
    "TripletMarginMiner hard": ("TripletMarginMiner", {"margin": MARGIN, "type_of_triplets": "hard"}),
    "BatchEasyHardMiner all, hard": ("BatchEasyHardMiner", {"pos_strategy": "all", "neg_strategy": "hard"}),
    "BatchHardMiner": ("BatchHardMiner", {}),
}
COMPARED = [  # ours, theirs, whether they see the same triplets
    ("all", "no miner", True),
    ("all", "TripletMarginMiner all", True),
    ("semi-hard", "TripletMarginMiner semihard", False),
    ("hardest", "BatchEasyHardMiner all, hard", True),
    ("hardest", "TripletMarginMiner hard", False),
    ("hardest", "BatchHardMiner", False),
]


def make_loss(name: str, labels: Tensor) -> Callable[[Tensor], Tensor]:
    """The loss of embeddings, all of it computed anew in every call."""
    if name in OURS:
        mining, n = OURS[name], len(labels)

        def ours(embeddings: Tensor) -> Tensor:
            unit, items, targets = F.normalize(embeddings, dim=1), torch.arange(n), F.one_hot(labels)
            known = relations(items, items, targets, targets)
            known = Relations(known.positive.fill_diagonal_(False), known.negative)  # no row is its own positive
            return triplet_loss(unit @ unit.T, known, margin=MARGIN, mining=mining, reduction="active")

        return ours
    distances, losses, miners = (
        importlib.import_module(f"pytorch_metric_learning.{part}") for part in ("distances", "losses", "miners")
    )
    loss = losses.TripletMarginLoss(margin=MARGIN, distance=distances.CosineSimilarity())
    peer = PEERS[name]
    miner = getattr(miners, peer[0])(distance=distances.CosineSimilarity(), **peer[1]) if peer else None
    return lambda embeddings: loss(embeddings, labels, miner(embeddings, labels) if miner else None)


def run_one(name: str, rows: int, classes: int, dim: int, calls: int, threads: int) -> None:
    """Within the process of a contender: prints seconds, memory and the loss."""
    torch.set_num_threads(threads)
    labels = torch.arange(rows) % classes
    embeddings = torch.randn(rows, dim, generator=torch.Generator().manual_seed(0)).requires_grad_()
    compute = make_loss(name, labels)
    call(make_loss(name, torch.arange(64) % 16), embeddings[:64].detach().requires_grad_())
    before = peak_bytes()
    seconds: list[float] = []
    while len(seconds) <= calls or sum(seconds) < 1:  # the fast ones often, as a call may be shorter than a disturbance
        started = time.perf_counter()
        loss = call(compute, embeddings)
        seconds.append(time.perf_counter() - started)
    told = {"seconds": statistics.median(seconds[1:]), "peak_bytes": peak_bytes(), "loss": loss}
    print(json.dumps({**told, "rise_bytes": max(told["peak_bytes"] - before, resource.getpagesize())}))


def call(compute: Callable[[Tensor], Tensor], embeddings: Tensor) -> float:
    """One loss and its gradient; the graph is gone when this returns."""
    loss = compute(embeddings)
    torch.autograd.grad(loss, embeddings)
    return loss.item()


def peak_bytes() -> int:
    """The largest resident memory so far; kilobytes on Linux, bytes on macOS."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def compare(runs: dict[str, list[dict[str, Any]]], ours: str, theirs: str, same: bool) -> dict[str, Any]:
    """Their seconds and memory over ours: above 1, ours is better."""
    a, b = runs[ours], runs[theirs]
    if same and abs(a[0]["loss"] - b[0]["loss"]) > TOLERANCE * abs(b[0]["loss"]):
        sys.exit(f"losses differ: {ours} {a[0]['loss']}, {theirs} {b[0]['loss']}")
    told: dict[str, Any] = {"ours": ours, "theirs": theirs, "same_triplets": same}
    for what in ("seconds", "rise_bytes", "peak_bytes"):
        ratios = [y[what] / x[what] for x, y in zip(a, b, strict=True)]
        told[what] = {"median": statistics.median(ratios), "least": min(ratios), "largest": max(ratios)}
    return told


def summarise(threads: int, runs: dict[str, list[dict[str, Any]]], peer: bool) -> dict[str, Any]:
    """What is quoted of all runs with one number of threads."""
    return {
        "threads": threads,
        "runs": runs,
        "medians": {
            name: {what: statistics.median(run[what] for run in told) for what in told[0]}
            for name, told in runs.items()
        },
        "theirs_over_ours": [compare(runs, *pair) for pair in COMPARED] if peer else [],
    }


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--no-peer", action="store_true", help="do not compare with pytorch-metric-learning")
    parser.add_argument("--rows", type=int, default=1024, metavar="N", help="rows of the batch")
    parser.add_argument("--classes", type=int, default=64, metavar="C", help="classes, equally many rows each")
    parser.add_argument("--dim", type=int, default=128, metavar="K", help="dimensions of the embeddings")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="processes of each contender")
    parser.add_argument("--calls", type=int, default=2, metavar="N", help="timed calls in each process, at least")
    threads = sorted({1, torch.get_num_threads()})
    parser.add_argument(
        "--threads", type=int, nargs="+", default=threads, metavar="T", help="threads of torch, in turn"
    )
    parser.add_argument("--one", metavar="NAME", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    shape = (arguments.rows, arguments.classes, arguments.dim)
    if arguments.one:
        run_one(arguments.one, *shape, arguments.calls, *arguments.threads)
        return
    if arguments.out is None:
        parser.error("--out is needed")
    if not arguments.no_peer:
        require_pytorch_metric_learning()
    names = (*OURS, *(() if arguments.no_peer else PEERS))
    sizes = [f"--{name}={getattr(arguments, name)}" for name in ("rows", "classes", "dim", "calls")]
    runs: dict[int, dict[str, list[dict[str, Any]]]] = {t: {name: [] for name in names} for t in arguments.threads}
    for _, threads_now, name in product(range(arguments.rounds), arguments.threads, names):
        command = [sys.executable, __file__, "--one", name, *sizes, f"--threads={threads_now}"]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        runs[threads_now][name].append(json.loads(told))
    result: dict[str, Any] = {
        "shape": dict(zip(("rows", "classes", "dim"), shape, strict=True)),
        "rounds": arguments.rounds,
        "timings": [summarise(t, runs[t], peer=not arguments.no_peer) for t in arguments.threads],
    }
    packages = ("commonspace", "torch", *([] if arguments.no_peer else ["pytorch-metric-learning"]))
    write_result(arguments.out, result, packages)
    for timing in result["timings"]:
        print(f"threads: {timing['threads']}")
        for name, medians in timing["medians"].items():
            print(
                f"  {name}: {medians['seconds'] * 1e3:.1f} ms, {medians['rise_bytes'] / 2**20:.0f} MiB above the start"
            )
        for pair in timing["theirs_over_ours"]:
            ratios = ", ".join(f"{what} {pair[what]['median']:.2f}" for what in ("seconds", "rise_bytes", "peak_bytes"))
            print(f"  {pair['theirs']} / {pair['ours']}: {ratios}")


if __name__ == "__main__":
    main()
