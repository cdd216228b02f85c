"""What a diachronic space costs: learning from all film posters, and a sweep of 1,000 instants for 1,000 of them.

Learning is with the defaults and those of the benchmark of `posters.py`, once each; the sweep is the median of five,
and told beside it is the bare product of its last layer, 1,000 x 1,000 rows of 256 numbers by 256 x 128, in one call of
PyTorch on as many threads.

    python benchmarks/diachronic_cost.py --root FOLDER --work FOLDER --out benchmarks/results/diachronic_cost.json
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measured import write_result
from posters import diachronic, read

import commonspace as cs

ITEMS, INSTANTS, REPEATS = 1000, 1000, 5


def seconds(run: Callable[[], object]) -> list[float]:
    """How long a call takes, several times, after one that does not count."""
    run()
    found = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        found.append(time.perf_counter() - started)
    return found


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="a folder for the films as a table")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    data = read(arguments.root, arguments.work)["title and overview"]
    views = {m: data.view(m) for m in data.modalities}
    report: dict[str, Any] = {"dataset": "posters", "items": len(data), "fit_seconds": {}}
    for name, space in {"defaults": cs.Diachronic(random_state=0), "benchmark": diachronic()(0)}.items():
        started = time.perf_counter()
        space.fit(views, data.labels, time=data.time)
        report["fit_seconds"][name] = time.perf_counter() - started
        print(name, f"{report['fit_seconds'][name]:.1f} s", len(space.history_["epoch"]), "epochs", flush=True)
    times = np.linspace(1912.0, 2016.0, INSTANTS)
    hidden, weights = torch.rand(ITEMS * INSTANTS, 256), torch.rand(256, 128)
    report["sweep_seconds"] = seconds(lambda: space.transform_at({"image": views["image"][:ITEMS]}, times))
    report["product_seconds"] = seconds(lambda: hidden @ weights)
    report["ratio"] = float(np.median(report["sweep_seconds"]) / np.median(report["product_seconds"]))
    print("sweep", np.median(report["sweep_seconds"]), "product", np.median(report["product_seconds"]), flush=True)
    write_result(arguments.out, report)


if __name__ == "__main__":
    main()
