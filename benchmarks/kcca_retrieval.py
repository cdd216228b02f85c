"""KCCA on Wikipedia's original features: how its defaults were chosen on validation, and one measurement on test.

Validation items are random fifths of the training split. Every kernel is tried with every ridge and energy; the goal is
the mean mAP@all by class of both directions. On test are measured the defaults, and what validation chose.

    python benchmarks/kcca_retrieval.py --root FOLDER --out benchmarks/results/wikipedia_kcca_defaults.json
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import commonspace as cs
from commonspace.evaluation import environment
from commonspace.spaces.kernel.kernels import KERNELS

RIDGES, ENERGIES, SEEDS = (0.1, 0.3, 1.0, 3.0, 10.0), (0.95, 1.0), range(3)
Params = dict[str, Any]


def mean_map(report: Any) -> float:
    """The mean of both directions."""
    return float(np.mean(list(report.map.values())))


def validate(train: cs.Dataset) -> list[Params]:
    """Every combination with its mAP in each validation part."""
    parts = [train.holdout(0.2, seed=seed) for seed in SEEDS]
    tried = []
    for kernel, energy, ridge in product(KERNELS, ENERGIES, RIDGES):
        params: Params = {"kernel": kernel, "energy": energy, "ridge": ridge}
        values = [mean_map(cs.evaluate(cs.KCCA(**params).fit(fit.views), held)) for fit, held in parts]
        tried.append({"params": params, "validation_map": values})
    return tried


def measure(data: cs.Dataset, params: Params) -> Params:
    """One entry of the results: fitted on train, measured on test."""
    views = data.split("train").views
    started = time.perf_counter()
    space = cs.KCCA(**params).fit(views)
    seconds = time.perf_counter() - started
    report = cs.evaluate(space, data.split("test"))
    return {
        "dataset": report.dataset,
        "protocol": data.protocol,
        "rule": report.rule,
        "space": "KCCA",
        "params": [params],
        "seeds": [0],
        "selected_on": "validation part of train",
        "transductive": False,
        "map": {direction: [value] for direction, value in report.map.items()},
        "recall": {d: {str(k): [v] for k, v in recall.items()} for d, recall in report.recall.items()},
        "fit_seconds": [seconds],
        "environment": environment(),
    }


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="where the files of Wikipedia lie")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    arguments = parser.parse_args()
    data = cs.load_dataset("wikipedia", root=arguments.root, protocol="2173/693")
    tried = validate(data.split("train"))
    chosen = max(tried, key=lambda entry: float(np.mean(entry["validation_map"])))
    results = [measure(data, {}), measure(data, chosen["params"]) | {"validation": tried}]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n")
    for entry in tried:
        print(entry["params"], f"validation mAP {np.mean(entry['validation_map']):.4f}")
    for result in results:
        print("test", result["params"], {d: f"{v[0]:.4f}" for d, v in result["map"].items()})


if __name__ == "__main__":
    main()
