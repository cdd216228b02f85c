"""What each stage of `commonspace.scale` costs by item, measured at three sizes on a cluster of this machine.

The cluster has `--nodes` nodes of one processor each. Pictures of `--side` pixels are drawn, and features of texts that
tell of their colours; they are encoded, CCA and Contrastive learn from them, and they are indexed. Through the seconds
of a stage goes a line: start + seconds per item. Told are items per core and hour by its slope, how far the measured
seconds are from the line, and what a billion items take. With `--compare` the results of the largest size are compared
with those of one process. With `--lose` the largest is then encoded once more, a worker is killed when a third of the
partitions are written and a node when two thirds are, and the views are compared with those of before.

    python benchmarks/ray_stages.py --sizes 5000 10000 20000 --compare --lose --out benchmarks/results/ray_stages.json

Needs the extra `ray`, and the packages of the encoder.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from measured import write_result
from PIL import Image

from commonspace import CCA, Collection, Contrastive, Dataset, scale
from commonspace.encoders import get_encoder

BILLION = 10**9
NODE = {"num_cpus": 1, "object_store_memory": 300 * 2**20}


def drawn(n: int, side: int, encoder: str) -> Dataset:
    """Pictures as PNG files, and features of texts."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)
    files = []
    for small in pixels:
        buffer = BytesIO()
        Image.fromarray(small).resize((side, side), Image.Resampling.BILINEAR).save(buffer, "PNG")
        files.append(buffer.getvalue())
    texts = pixels.reshape(n, -1).astype(np.float32) @ rng.standard_normal((48, 384)).astype(np.float32) / 255
    split = ["test" if i % 10 == 0 else "train" for i in range(n)]
    return Dataset({"image": files, "text": texts}, split=split, encoders={"image": get_encoder(encoder)})


def measured(data: Dataset, arguments: argparse.Namespace, cluster: Any, *, largest: bool) -> dict[str, Any]:
    """Seconds of each stage, and of the largest size what `--compare` and `--lose` ask for."""
    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = work()
        seconds[stage] = time.perf_counter() - started
        return result

    told: dict[str, Any] = {"items": len(data), "seconds": seconds}
    how = {"address": cluster.address}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = timed("encode", lambda: scale.encode(data, folder / "encoded", rows=arguments.rows, **how))
        cca = timed("fit CCA", lambda: scale.fit(CCA(arguments.components), parts, split="train", **how))
        deep = Contrastive(arguments.components, max_epochs=2, random_state=0, noise=0.0, dropout=0.0)
        train = {"split": "train", "workers": arguments.nodes, "work": folder / "work", **how}
        contrastive = timed("fit Contrastive, 2 epochs", lambda: scale.fit(deep, parts, **train))
        collection = timed("index", lambda: scale.index(cca, parts, folder / "store", **how))
        if largest and arguments.compare:
            told["differences"] = compared(data, parts, cca, contrastive, collection)
        if largest and arguments.lose:
            told["lost"] = disturbed(data, parts, folder / "again", arguments.rows, cluster)
    return told


def compared(
    data: Dataset, parts: scale.Partitions, cca: CCA, contrastive: Contrastive, collection: Collection
) -> dict[str, float]:
    """How far the results are from those of one process."""
    own, train_views, whole = data.views, data.split("train").views, parts.load()
    alone = CCA(cca.n_components).fit(train_views)
    deep = Contrastive(**contrastive.get_params()).fit(train_views)
    embedded = cca.transform(own)
    query, texts = embedded["image"][0], embedded["text"]
    nearest = {whole.ids[i] for i in np.argsort(-texts @ query)[:10]}
    found = {hit.id for hit in collection.search(vector=query, to="text", k=10)}
    return {
        "views, numbers that differ": float(sum(np.count_nonzero(whole.view(m) != own[m]) for m in own)),
        "CCA, correlations": float(np.abs(alone.correlations_ - cca.correlations_).max()),
        "Contrastive, weights": max(float(np.abs(contrastive.weights_[n] - w).max()) for n, w in deep.weights_.items()),
        "search, of 10 nearest not found": 10.0 - len(nearest & found),
    }


def disturbed(data: Dataset, before: scale.Partitions, folder: Path, rows: int, cluster: Any) -> dict[str, Any]:
    """Encodes while a worker and then a node are lost; another node comes when it is over."""
    events: list[str] = []

    def wait_for(partitions: int) -> None:
        while len(list(folder.glob("part-*"))) < partitions:
            time.sleep(0.05)

    def lose() -> None:
        partitions = -(-len(data) // rows)
        wait_for(partitions // 3)
        os.kill(encoders()[-1], signal.SIGKILL)
        events.append("worker")
        wait_for(partitions * 2 // 3)
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        events.append("node")

    losing = threading.Thread(target=lose, daemon=True)
    losing.start()
    started = time.perf_counter()
    parts = scale.encode(data, folder, rows=rows, address=cluster.address)
    seconds = time.perf_counter() - started
    losing.join(timeout=10)
    cluster.add_node(**NODE)
    whole, again = before.load(), parts.load()
    differ = sum(np.count_nonzero(whole.view(m) != again.view(m)) for m in whole.modalities)
    return {"lost": events, "seconds": seconds, "views, numbers that differ": float(differ)}


def encoders() -> list[int]:
    """The processes of Ray that encode."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            title = (entry / "cmdline").read_bytes()
            if title.startswith(b"ray::") and b"PartitionEncoder" in title:
                found.append(int(entry.name))
    return sorted(found)


def line(items: list[int], seconds: list[float], cores: int) -> dict[str, float]:
    """The line through the sizes, and what follows from its slope."""
    slope, start = np.polyfit(items, seconds, 1)
    fitted = start + slope * np.array(items)
    return {
        "start_seconds": float(start),
        "items_per_core_hour": float(3600 / (slope * cores)) if slope > 0 else float("inf"),
        "largest_deviation": float(np.abs(fitted / np.array(seconds) - 1).max()),
        "core_hours_for_a_billion": float(slope * cores * BILLION / 3600),
    }


def table(stages: dict[str, dict[str, float]], runs: list[dict[str, Any]]) -> str:
    """The stages as a table of the documentation."""
    sizes = " | ".join(f"{run['items']:,}" for run in runs)
    lines = [
        f"| stage | {sizes} | items per core-hour | core-hours for a billion | off the line |",
        "|---" * (len(runs) + 4) + "|",
    ]
    for stage, told in stages.items():
        seconds = " | ".join(f"{run['seconds'][stage]:.1f} s" for run in runs)
        lines.append(
            f"| {stage} | {seconds} | {told['items_per_core_hour']:,.0f} | {told['core_hours_for_a_billion']:,.0f} | "
            f"{told['largest_deviation']:.0%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--sizes", type=int, nargs="+", default=[5000, 10_000, 20_000], metavar="N")
    parser.add_argument("--encoder", default="efficientnet-lite0")
    parser.add_argument("--side", type=int, default=32, help="of a picture")
    parser.add_argument("--rows", type=int, default=512, help="items in a partition")
    parser.add_argument("--components", type=int, default=32)
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--compare", action="store_true", help="compare the largest with one process")
    parser.add_argument("--lose", action="store_true", help="encode the largest again, losing a worker and a node")
    arguments = parser.parse_args()

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    try:
        for _ in range(arguments.nodes - 1):
            cluster.add_node(**NODE)
        sizes = sorted(arguments.sizes)
        runs = []
        for n in sizes:
            data = drawn(n, arguments.side, arguments.encoder)
            runs.append(measured(data, arguments, cluster, largest=n == sizes[-1]))
            print(runs[-1], flush=True)
    finally:
        cluster.shutdown()
    stages = {
        stage: line(sizes, [run["seconds"][stage] for run in runs], arguments.nodes) for stage in runs[0]["seconds"]
    }
    told = {name: value for name, value in vars(arguments).items() if name != "out"}
    packages = ("commonspace", "ray", "numpy", "onnxruntime", "torch", "pylance")
    write_result(arguments.out, {"arguments": told, "runs": runs, "stages": stages}, packages)
    print(table(stages, runs))


if __name__ == "__main__":
    main()
