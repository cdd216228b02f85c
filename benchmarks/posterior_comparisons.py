"""How posteriors are best compared: SemanticMatching and SCM on Wikipedia's original features, a row for each way.

C (and the ridge of SCM) is chosen for each row by the mean mAP@all over five random fifths of train; then the space is
fitted on all of train, which both protocols share, and measured on both test splits. Nothing is random in these fits.

    python benchmarks/posterior_comparisons.py --root FOLDER --out benchmarks/results/posterior_comparisons.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from measured import write_result
from sklearn.model_selection import ParameterGrid

import commonspace as cs

PROTOCOLS = ("2173/693", "2173/231/462")
Params = dict[str, Any]
SM, SCM = {"C": (0.3, 1.0, 3.0, 10.0)}, {"C": (1.0, 3.0, 10.0), "ridge": (0.1, 0.3, 1.0, 3.0)}
WAYS: list[Params] = [
    {"compare_by": "cosine", "centring": None},
    {"compare_by": "cosine", "centring": "correlation"},
    {"compare_by": "cosine", "centring": "prior"},
    {"compare_by": "probability"},
]
ROWS: list[tuple[type[cs.SemanticMatching] | type[cs.SCM], Params, Params]] = [
    *((cs.SemanticMatching, {"kernel": "linear", **way}, SM) for way in WAYS),
    *((cs.SemanticMatching, {"kernel": "chi2", **way}, SM) for way in WAYS),
    *((cs.SCM, way, SCM) for way in WAYS),
]
"""The space, what a row fixes, and what is chosen for it."""


def mean_map(space: Any, train: cs.Dataset, held: cs.Dataset) -> dict[str, float]:
    """Direction -> mAP@all of the space fitted to one part and asked about another, and their mean."""
    report = cs.evaluate(space.fit(train.views, train.labels), held)
    return {**report.map, "mean": float(np.mean(list(report.map.values())))}


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="where the files of wikipedia lie")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    data = {name: cs.load_dataset("wikipedia", root=arguments.root, protocol=name) for name in PROTOCOLS}
    train = data[PROTOCOLS[0]].split("train")
    folds = [train.holdout(0.2, seed=seed) for seed in range(5)]
    results = []
    for cls, fixed, grid in ROWS:
        tried = [
            (float(np.mean([mean_map(cls(**fixed, **chosen), *fold)["mean"] for fold in folds])), chosen)
            for chosen in ParameterGrid(grid)
        ]
        value, chosen = max(tried, key=lambda pair: pair[0])
        found = {name: mean_map(cls(**fixed, **chosen), train, items.split("test")) for name, items in data.items()}
        results.append({"space": cls.__name__, "params": {**fixed, **chosen}, "validation_map": value, "map": found})
        told = [" / ".join(f"{v:.3f}".lstrip("0") for v in of.values()) for of in found.values()]
        print(f"{cls.__name__} {fixed} {chosen}: {value:.3f} | {' | '.join(told)}", flush=True)
    write_result(arguments.out, {"rows": results})


if __name__ == "__main__":
    main()
