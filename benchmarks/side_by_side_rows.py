"""What of each benchmark's result stands on the page: our figure, the peer's, their ratio, and the machine's limit.

Ratios are the peer's time over ours, or our rate over the peer's, so that more than 1 means that ours is faster; those
of single rounds where the result has them. A limit is what no program on this machine can be faster than: the bytes
that must be read at the rate of memory, or the operations that must be done at the rate of products, measured just
before and after the benchmark. Where neither tells anything, there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

import numpy as np
from measured import spread

Result = Mapping[str, Any]
OURS = "commonspace"


@dataclass(frozen=True)
class Limit:
    """The least seconds, or the highest rate, and where it comes from."""

    value: float
    what: str


@dataclass(frozen=True)
class Row:
    """One line of the page.

    Attributes:
        stage: What is done, and on how much.
        ours: Seconds, or a rate where `unit` says so.
        peer: Its name and its figure; None where there is none.
        ratio: Of the peer's time to ours: "median" and, where there were rounds, "lower_quartile", "upper_quartile".
        rounds: How often each was measured: rounds, questions or requests.
        limit: In the unit of `ours`.
        growth: The line of `linear_growth.py` or `stage_growth.py` that tells how this grows.
        unit: "s", or what is counted a second.
    """

    stage: str
    ours: float
    peer: tuple[str, float | None] | None = None
    ratio: Mapping[str, float] | None = None
    rounds: int = 1
    limit: Limit | None = None
    growth: str | None = None
    unit: str = "s"

    @property
    def share(self) -> float | None:
        """How much of the limit is reached, 1 where nothing could be faster."""
        if self.limit is None:
            return None
        return self.limit.value / self.ours if self.unit == "s" else self.ours / self.limit.value


class Limits:
    """What the machine could do beside a benchmark, as `machine_limits.py` wrote it.

    Args:
        told: What it wrote.
        threads: "all" takes the most of any number of threads, "one" what one thread can do.
    """

    def __init__(self, told: Result, threads: Literal["all", "one"] = "all") -> None:
        counts = ["1"] if threads == "one" else list(told["a second"])
        rates = [told["a second"][count] for count in counts]
        self._rates = {what: max(rate[what] for rate in rates) for what in ("memory read", "cached file read")}
        self._products = {shape: max(rate["products"][shape] for rate in rates) for shape in rates[0]["products"]}

    def reading(self, size: float, what: str) -> Limit:
        """Bytes that must come from memory."""
        return Limit(size / self._rates["memory read"], f"{what} read once")

    def working(self, operations: float, shape: str | None = None, what: str = "products") -> Limit:
        """Operations of products, at the rate of one shape or of the best."""
        rate = self._products[shape] if shape else max(self._products.values())
        return Limit(operations / rate, what)

    def file(self, size: float) -> Limit:
        """Bytes of a file that the system holds in memory."""
        return Limit(size / self._rates["cached file read"], "the file read once")


def compared(seconds: Mapping[str, Sequence[float]], ours: str, theirs: str) -> dict[str, float]:
    """Median and quartiles of their seconds over ours within a round."""
    return spread(np.divide(seconds[theirs], seconds[ours]))


def images(result: Result, limits: Limits) -> list[Row]:
    """Rates of photos."""
    ours, theirs = result["commonspace_photos_per_second"], result["eager_torch_photos_per_second"]
    least = limits.working(result["operations_of_a_photo"])
    return [
        Row(
            f"encode {result['photos']} photos from their files, EfficientNet-Lite0",
            median(ours),
            ("PyTorch, eager", median(theirs)),
            spread(np.divide(ours, theirs)),
            len(ours),
            Limit(1 / least.value, "the network's products and convolutions"),
            "photos",
            "photos/s",
        )
    ]


def texts(result: Result, limits: Limits) -> list[Row]:
    """Rates of texts, and the first one."""
    peer, n = "sentence-transformers", result["texts"]
    rates, cold = result["texts_per_second"], result["cold_seconds"]
    least = limits.working(result["operations"] / n)
    return [
        Row(
            f"encode {n:,} short texts, all-MiniLM-L6-v2",
            median(rates[OURS]),
            (peer, median(rates[peer])),
            spread(np.divide(rates[OURS], rates[peer])),
            len(rates[OURS]),
            Limit(1 / least.value, "the network's products, without padding"),
            "texts",
            "texts/s",
        ),
        Row(
            "the vector of one text, from the start of Python",
            median(cold[OURS]),
            (peer, median(cold[peer])),
            compared(cold, OURS, peer),
            len(cold[OURS]),
        ),
    ]


def metric(result: Result, limits: Limits) -> list[Row]:
    """Of mAP from a matrix of scores."""
    n, seconds = result["queries"], result["seconds"]
    limit = limits.reading(n * result["gallery"] * 5, "scores and relevance")
    peers = ("torchmetrics RetrievalMAP", "torchmetrics function per query", "scikit-learn function per query")
    stage, ours = f"mAP@all, {n:,} x {result['gallery']:,} scores", median(seconds[OURS])
    return [
        Row(stage, ours, (peer, median(seconds[peer])), compared(seconds, OURS, peer), result["repeats"], limit)
        for peer in peers
    ]


def large_metrics(result: Result, limits: Limits) -> list[Row]:
    """Metrics from vectors, a block at a time."""
    n, d, seconds = result["queries"], result["dim"], result["seconds"]
    limit = limits.working(2 * n * n * d, "metrics", "the products of the vectors")
    names = {"map@all": "mAP@all", "map@50": "mAP@50", "recall@1,5,10": "Recall@1, 5, 10"}
    growth = {"map@all": "mAP@all"}
    return [
        Row(f"{shown}, {n:,} x {n:,} from vectors of {d}", seconds[name], limit=limit, growth=growth.get(name))
        for name, shown in names.items()
    ]


def least_of_cca(n: int, p: int, q: int, limits: Limits) -> Limit:
    """Both symmetric products need one triangle only."""
    return limits.working(n * (p**2 + q**2 + 2 * p * q), "cca", "X'X, Z'Z, X'Z")


def cca(result: Result, limits: Limits) -> list[Row]:
    """Fits of CCA at each size, and beside scikit-learn."""
    rows = []
    for timing in result["timing"]:
        (n, p, q), seconds = timing["shape"], timing["seconds"]
        stage, limit = f"`CCA.fit`, {n:,} x ({p}, {q}) float32", least_of_cca(n, p, q, limits)
        for name, shown in (("cca-zoo", "cca-zoo"), ("products", "the bare products by NumPy")):
            if name in seconds:
                peer, ratio = (shown, median(seconds[name])), compared(seconds, OURS, name)
                rows.append(Row(stage, median(seconds[OURS]), peer, ratio, timing["rounds"], limit, "CCA"))
    if told := result["scikit_learn"]:
        (n, p, q), seconds, ours = told["shape"], told["seconds"], "commonspace, ridge=0"
        peer, ratio = ("scikit-learn", median(seconds["scikit-learn"])), compared(seconds, ours, "scikit-learn")
        limit = least_of_cca(n, p, q, limits)
        stage = f"`CCA(ridge=0).fit`, {n:,} x ({p}, {q})"
        rows.append(Row(stage, median(seconds[ours]), peer, ratio, told["rounds"], limit, "CCA"))
    return rows


def streamed_cca(result: Result, limits: Limits) -> list[Row]:
    """From a file, beside reading it and the bare products."""
    (n, p, q), seconds, other = result["shape"], result["seconds"], "reading and products"
    limit = max(least_of_cca(n, p, q, limits), limits.file(result["file_bytes"]), key=lambda limit: limit.value)
    peer, ratio = ("reading and the bare products", median(seconds[other])), compared(seconds, OURS, other)
    stage = f"`CCA.partial_fit`, {n:,} x ({p}, {q}) from a file of {result['file_bytes'] / 1e9:.2g} GB"
    return [Row(stage, median(seconds[OURS]), peer, ratio, result["rounds"], limit, "CCA")]


def kernel_cca(result: Result, limits: Limits) -> list[Row]:
    """Exact fits beside cca-zoo, and approximate ones."""
    told = result["exact"]
    (n, p, q), seconds, rows = told["shape"], told["seconds"], []
    for name in ("commonspace, same problem", "commonspace, defaults"):
        stage = f"`KCCA.fit`, exact, {n:,} x ({p}, {q}), {name.removeprefix('commonspace, ')}"
        peer = ("cca-zoo", median(seconds["cca-zoo"])) if "cca-zoo" in seconds else None
        ratio = compared(seconds, name, "cca-zoo") if peer else None
        rows.append(Row(stage, median(seconds[name]), peer, ratio, told["rounds"], growth="KCCA, exact"))
    for told in result["approximate"]:
        if told["approximation"] == "nystroem":
            n, p, q = told["shape"]
            stage, rounds = f"`KCCA.fit`, Nystroem, {n:,} x ({p}, {q})", len(told["seconds"])
            rows.append(Row(stage, median(told["seconds"]), rounds=rounds, growth="KCCA, Nystroem"))
    return rows


def contrastive(result: Result, limits: Limits) -> list[Row]:
    """The whole fit beside a loop by hand."""
    (n, p, q), seconds, epochs = result["shape"], result["seconds"], result["epochs"]
    limit = limits.working(epochs * result["operations_of_an_epoch"], "deep", "the networks' products")
    stage = f"`Contrastive.fit`, {n:,} x ({p}, {q}), batches of {result['batch_size']}, {epochs} epochs"
    peer, ratio = ("a loop by hand", median(seconds["loop"])), compared(seconds, OURS, "loop")
    return [Row(stage, median(seconds[OURS]), peer, ratio, result["rounds"], limit, "Contrastive")]


def deep_cca(result: Result, limits: Limits) -> list[Row]:
    """An epoch beside cca-zoo's loss and its Trainer."""
    seconds, (p, q) = result["seconds_per_epoch"], result["widths"]
    limit = limits.working(result["operations_of_an_epoch"], "deep", "the networks' products")
    stage = f"an epoch of deep CCA, {result['items']:,} x ({p}, {q}), batches of {result['batch']}"
    return [
        Row(stage, median(seconds[OURS]), (name, median(took)), compared(seconds, OURS, name), result["rounds"], limit)
        for name, took in seconds.items()
        if name != OURS
    ]


def triplets(result: Result, limits: Limits) -> list[Row]:
    """The loss of a batch by each miner, with all threads."""
    timing, (n, _, d) = result["timings"][-1], result["shape"].values()
    runs = {name: [run["seconds"] for run in told] for name, told in timing["runs"].items()}
    limit = limits.working(6 * n * n * d, "triplets", "the cosines and their gradient")
    rows = []
    for pair in timing["theirs_over_ours"]:
        ours, theirs = pair["ours"], pair["theirs"]
        stage = f"triplet loss and its gradient, {n:,} x {d}, {ours}"
        peer = f"pytorch-metric-learning, {theirs}" + ("" if pair["same_triplets"] else " (other triplets)")
        ratio = compared(runs, ours, theirs)
        told = (peer, median(runs[theirs]))
        rows.append(Row(stage, median(runs[ours]), told, ratio, result["rounds"], limit, "triplet loss"))
    return rows


def collection(result: Result, limits: Limits) -> list[Row]:
    """Searches of an index by the processor's time, and its making."""
    n, d, ours = result["rows"], result["dim"], result["collection"]["float32, sq"]
    where, rows = f"{n:,} x {d}", []
    found = f"search an index of {where}, the processor's time"
    asked = {"search": found, "a hundredth": f"{found}, a hundredth of them"}
    for name, peer in result["peers"].items():
        for part, stage in asked.items():
            if part in peer:
                mine, theirs = ours[part]["processor"] / 1000, peer[part]["processor"] / 1000
                told = f"{name}, recall {peer[part]['recall']:.3f} (ours {ours[part]['recall']:.3f})"
                rows.append(Row(stage, mine, (told, theirs), {"median": theirs / mine}, result["queries"]))
        mine = ours["add seconds"] + ours["build seconds"]
        told, theirs = name, peer["build seconds"]
        rows.append(Row(f"add and index {where}", mine, (told, theirs), {"median": theirs / mine}))
    return rows


def server(result: Result, limits: Limits) -> list[Row]:
    """Answers to clients who think, and who do not."""
    n, d, clients = result["items"], result["dim"], result["clients"]
    thinking, closed = result["thinking"], result["closed loop"]
    what = f"a server over {n:,} x {d}, {clients} clients"
    return [
        Row(f"{what} who think for a second: an answer", thinking["p50"] / 1000, rounds=thinking["requests"]),
        Row(f"{what} without a pause", closed["a second"], rounds=closed["requests"], unit="answers/s"),
    ]


def grown(result: Result, limits: Limits) -> list[Row]:
    """Exact search, which only `stage_growth.py` measures; by one thread."""
    rows = []
    for line in result["lines"]:
        if line["stage"] == "exact search" and line["grows"] == "rows":
            n, d, questions = line["sizes"][-1], line["fixed"], result["questions"]
            limit = limits.reading(n * d * 4, "the vectors")
            stage = f"search {n:,} x {d} without an index, one thread"
            ours, rounds = line["median_seconds"][-1] / questions, questions * len(line["seconds"][-1])
            rows.append(Row(stage, ours, rounds=rounds, limit=limit, growth="exact search"))
    return rows
