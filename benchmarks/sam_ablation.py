"""SAM's ablation on the Wikipedia features: static margin, adaptive without schedule, scheduled; both similarities.

All variants have the same networks, batches and seeds. What differs is the margin alone: always m (`Triplet`), adaptive
from the first epoch on (width 0), or by the schedule; with class similarities from moving centroids or from the means
of the text's columns. The networks are small and much regularised, the margins SAM's defaults: nothing is chosen here.

    python benchmarks/sam_ablation.py --root FOLDER --out benchmarks/results/sam_ablation.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from classical_retrieval import SEEDS, Params, result
from deep_retrieval import measure

import commonspace as cs

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
            entry = result(measured, [chosen] * len(SEEDS), list(SEEDS), "nothing chosen")
            results.append({"variant": name, **entry, "views": "square roots of both histograms"})
            means = {d: f"{np.mean(v):.3f} +- {np.std(v):.3f}" for d, v in entry["map"].items()}
            both = np.mean(list(entry["map"].values()), axis=0)
            print(protocol, name, means, f"mean {np.mean(both):.4f} +- {np.std(both):.4f}", flush=True)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
