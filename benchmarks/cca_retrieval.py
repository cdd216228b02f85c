"""CCA on emoji, the Wikipedia features and Flickr8k: parameters chosen on validation, measured once on test.

Validation items come out of the training split, or are a split of their own; the choice is made by them alone, and the
space is then fitted anew on the whole training split.

    python benchmarks/cca_retrieval.py emoji --out benchmarks/results/emoji_cca.json
    python benchmarks/cca_retrieval.py wikipedia --root FOLDER --out benchmarks/results/wikipedia_cca.json
    python benchmarks/cca_retrieval.py flickr8k --root FOLDER --out benchmarks/results/flickr8k_cca.json
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

import commonspace as cs
from commonspace.evaluation import Report, environment

Params = dict[str, Any]
SEEDS = range(5)
RIDGES, SCALINGS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), (0.0, 1.0, 2.0, 4.0)


def grid(components: tuple[int, ...]) -> Iterator[Params]:
    """Every combination of parameters that is tried."""
    for k, ridge, scaling in product(components, RIDGES, SCALINGS):
        yield {"n_components": k, "ridge": ridge, "scaling": scaling}


def choose(
    candidates: list[Params], folds: list[tuple[cs.Dataset, cs.Dataset]], goal: Callable[[Report], float]
) -> Params:
    """The parameters with the best mean goal over pairs of a fitting and a validation part."""

    def mean_goal(params: Params) -> float:
        return float(np.mean([goal(cs.evaluate(cs.CCA(**params).fit(fit.views), held)) for fit, held in folds]))

    return max(candidates, key=mean_goal)


def measure(data: cs.Dataset, params: Params) -> tuple[Report, float]:
    """Fits on train, evaluates on test; the report and the seconds of the fit."""
    train = data.split("train")
    views = train.views
    started = time.perf_counter()
    space = cs.CCA(**params).fit(views)
    seconds = time.perf_counter() - started
    return cs.evaluate(space, data.split("test")), seconds


def result(
    reports: list[Report], params: list[Params], seconds: list[float], seeds: list[int], protocol: str
) -> Params:
    """One entry of the results, a list of values per seed."""
    directions = list(reports[0].recall)
    cuts = list(reports[0].recall[directions[0]])
    return {
        "dataset": reports[0].dataset,
        "protocol": protocol,
        "rule": reports[0].rule,
        "space": "CCA",
        "params": params,
        "seeds": seeds,
        "selected_on": "validation part of train",
        "transductive": False,
        "map": {d: [r.map[d] for r in reports] for d in reports[0].map},
        "recall": {d: {str(k): [r.recall[d][k] for r in reports] for k in cuts} for d in directions},
        "fit_seconds": seconds,
        "environment": environment(),
    }


def emoji(_: Path | None) -> list[Params]:
    """Five splits of each protocol, 300 items held out each; the goal is Recall@1 + Recall@10, text to image."""

    def goal(report: Report) -> float:
        return report.recall["text->image"][1] + report.recall["text->image"][10]

    results = []
    for protocol in ("random", "families"):
        chosen, reports, seconds = [], [], []
        for seed in SEEDS:
            data = cs.load_dataset("emoji", protocol=protocol, seed=seed)
            folds = [data.split("train").holdout(300, seed=fold) for fold in range(3)]
            chosen.append(choose(list(grid((64, 128, 256))), folds, goal))
            report, fitting = measure(data, chosen[-1])
            reports.append(report)
            seconds.append(fitting)
        results.append(result(reports, chosen, seconds, list(SEEDS), protocol))
    return results


def wikipedia(root: Path | None) -> list[Params]:
    """Both protocols; five random fifths of train are the validation parts; the goal is the mean mAP@all."""

    def goal(report: Report) -> float:
        return float(np.mean(list(report.map.values())))

    results = []
    for protocol in ("2173/693", "2173/231/462"):
        data = cs.load_dataset("wikipedia", root=root, protocol=protocol)
        folds = [data.split("train").holdout(0.2, seed=seed) for seed in SEEDS]
        chosen = choose(list(grid((3, 4, 5, 6, 7, 8, 9))), folds, goal)
        report, seconds = measure(data, chosen)
        results.append(result([report], [chosen], [seconds], [0], protocol))
    return results


def flickr8k(root: Path | None) -> list[Params]:
    """The 1,000 dev photos are the validation part; the goal is the sum of Recall@1, 5 and 10 in both directions."""

    def goal(report: Report) -> float:
        return sum(sum(recall.values()) for recall in report.recall.values())

    data = cs.load_dataset("flickr8k", root=root)
    chosen = choose(list(grid((64, 128, 256))), [(data.split("train"), data.split("validation"))], goal)
    report, seconds = measure(data, chosen)
    return [result([report], [chosen], [seconds], [0], data.protocol) | {"selected_on": "dev split"}]


def main() -> None:
    """Runs one of them and writes its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=("emoji", "wikipedia", "flickr8k"))
    parser.add_argument("--root", type=Path, help="where the files of wikipedia or flickr8k lie")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    arguments = parser.parse_args()
    results = {"emoji": emoji, "wikipedia": wikipedia, "flickr8k": flickr8k}[arguments.dataset](arguments.root)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n")
    for entry in results:
        print(entry["dataset"], entry["protocol"])
        for direction, recall in entry["recall"].items():
            values = {f"R@{k}": v for k, v in recall.items()} | {"mAP@all": entry["map"].get(direction, [])}
            print(f"  {direction}:", {k: f"{np.mean(v):.3f} +- {np.std(v):.3f}" for k, v in values.items() if v})
        print("  chosen:", entry["params"])


if __name__ == "__main__":
    main()
