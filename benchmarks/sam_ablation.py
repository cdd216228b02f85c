"""SAM's ablation on the Wikipedia features: static margin, adaptive without schedule, scheduled; both similarities.

All variants have the same networks, batches and seeds. What differs is the margin alone: always m (`Triplet`), adaptive
from the first epoch on (width 0), or by the schedule; with class similarities from moving centroids or from the means
of the text's columns. The networks are small and much regularised, the margins SAM's defaults: nothing is chosen here.

    python benchmarks/sam_ablation.py --root FOLDER --out benchmarks/results/sam_ablation.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

import commonspace as cs
from commonspace.evaluation import Report, environment
from commonspace.files import replacing
from commonspace.spaces import find_space

Params = dict[str, Any]

SEEDS = range(5)
SHARED: Params = {
    "hidden_sizes": (256,),
    "dropout": 0.5,
    "learning_rate": 3e-4,
    "weight_decay": 1.0,
    "items_per_class": 8,
}
VARIANTS: dict[str, tuple[str, Params]] = {
    "static": ("Triplet", {}),
    "adaptive, centroids": ("SAM", {"width": 0.0}),
    "adaptive, text": ("SAM", {"width": 0.0, "class_similarity": "text"}),
    "scheduled, centroids": ("SAM", {}),
    "scheduled, text": ("SAM", {"class_similarity": "text"}),
}
"""What is compared -> the space and its own parameters."""


def measure(data: cs.Dataset, name: str, params: Params, seed: int) -> tuple[Report, float]:
    """Fits on train, evaluates on test; the report and the seconds of the fit."""
    cls: Any = find_space(name)
    train = data.split("train")
    started = time.perf_counter()
    space = cls(**params, random_state=seed).fit(train.views, train.labels)
    return cs.evaluate(space, data.split("test")), time.perf_counter() - started


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="where the files of wikipedia lie")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    results: list[dict[str, Any]] = []
    for protocol in ("2173/693", "2173/231/462"):
        data = cs.load_dataset("wikipedia", root=arguments.root, protocol=protocol)
        data = data.with_views({modality: np.sqrt(view) for modality, view in data.views.items()})
        for name, (space, params) in VARIANTS.items():
            chosen = {**SHARED, **params}
            measured = [measure(data, space, chosen, seed) for seed in SEEDS]
            maps = {d: [report.map[d] for report, _ in measured] for d in measured[0][0].map}
            entry: Params = {
                "variant": name,
                "dataset": "wikipedia",
                "protocol": protocol,
                "rule": measured[0][0].rule,
                "space": space,
                "params": chosen,
                "seeds": list(SEEDS),
                "selected_on": "nothing chosen",
                "views": "square roots of both histograms",
                "map": maps,
                "fit_seconds": [seconds for _, seconds in measured],
                "environment": environment(),
            }
            results.append(entry)
            means = {d: f"{np.mean(v):.3f} +- {np.std(v):.3f}" for d, v in maps.items()}
            both = np.mean(list(maps.values()), axis=0)
            print(protocol, name, means, f"mean {np.mean(both):.4f} +- {np.std(both):.4f}", flush=True)
    with replacing(arguments.out) as temporary:
        temporary.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
