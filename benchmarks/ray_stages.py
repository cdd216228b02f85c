"""What each stage of `commonspace.scale` costs by item, measured at three sizes on a cluster of this machine.

The cluster has `--nodes` nodes of one processor each. Pictures of `--side` pixels are drawn, and features of texts that
tell of their colours; they are encoded, CCA and Contrastive learn from them, and they are indexed. Through the seconds
of a stage goes a line: start + seconds per item. Told are items per core and hour by its slope, how far the measured
seconds are from the line, and what a billion items take. With `--compare` the results of the largest size are compared
with those of one process; with `--lose` a node is killed when half of its partitions are written, and another comes.

    python benchmarks/ray_stages.py --sizes 5000 10000 20000 --out benchmarks/results/ray_stages.json

Needs the extra `ray`, and the packages of the encoder.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from commonspace import CCA, Contrastive, Dataset, scale
from commonspace.encoders import get_encoder
from commonspace.evaluation.environment import environment

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


def measured(n: int, arguments: argparse.Namespace, cluster: Any, *, largest: bool) -> dict[str, Any]:
    """Seconds of each stage, and with --compare how far the results are from those of one process."""
    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = work()
        seconds[stage] = time.perf_counter() - started
        return result

    data, how = drawn(n, arguments.side, arguments.encoder), {"address": cluster.address}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if largest and arguments.lose:
            losing = threading.Thread(target=lose, args=(cluster, folder / "encoded", n // arguments.rows // 2))
            losing.start()
        parts = timed("encode", lambda: scale.encode(data, folder / "encoded", rows=arguments.rows, **how))
        if largest and arguments.lose:
            losing.join()
            cluster.add_node(**NODE)
        cca = timed("fit CCA", lambda: scale.fit(CCA(arguments.components), parts, split="train", **how))
        deep = Contrastive(arguments.components, max_epochs=2, random_state=0, noise=0.0, dropout=0.0)
        train = {"split": "train", "workers": arguments.nodes, "work": folder / "work", **how}
        contrastive = timed("fit Contrastive, 2 epochs", lambda: scale.fit(deep, parts, **train))
        collection = timed("index", lambda: scale.index(cca, parts, folder / "store", **how))
        differences = {}
        if largest and arguments.compare:
            own, train_views = data.views, data.split("train").views
            whole = parts.load()
            differences["views, bits"] = float(any(not np.array_equal(whole.view(m), own[m]) for m in own))
            alone = CCA(arguments.components).fit(train_views)
            differences["CCA, correlations"] = float(np.abs(alone.correlations_ - cca.correlations_).max())
            other = deep.fit(train_views)
            differences["Contrastive, weights"] = max(
                float(np.abs(contrastive.weights_[name] - array).max()) for name, array in other.weights_.items()
            )
            query, texts = cca.transform(own)["image"][0], cca.transform(own)["text"]
            nearest = {str(i) for i in np.argsort(-texts @ query)[:10]}
            found = {hit.id for hit in collection.search(vector=query, to="text", k=10)}
            differences["search, of 10 nearest not found"] = 10.0 - len(nearest & found)
    return {"items": n, "seconds": seconds, "differences": differences}


def lose(cluster: Any, folder: Path, partitions: int) -> None:
    """Kills a node when so many partitions are written."""
    while len(list(folder.glob("part-*"))) < partitions:
        time.sleep(0.05)
    cluster.remove_node(cluster.worker_nodes.copy().pop(), allow_graceful=False)


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
    parser.add_argument("--lose", action="store_true", help="lose a node in the middle of encoding the largest")
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
            runs.append(measured(n, arguments, cluster, largest=n == sizes[-1]))
            print({"items": n, **{k: round(v, 1) for k, v in runs[-1]["seconds"].items()}}, runs[-1]["differences"])
    finally:
        cluster.shutdown()
    stages = {
        stage: line(sizes, [run["seconds"][stage] for run in runs], arguments.nodes) for stage in runs[0]["seconds"]
    }
    told = {name: value for name, value in vars(arguments).items() if name != "out"}
    packages = ("commonspace", "ray", "numpy", "onnxruntime", "torch", "pylance")
    result = {"arguments": told, "runs": runs, "stages": stages, "environment": environment(packages)}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(table(stages, runs))


if __name__ == "__main__":
    main()
