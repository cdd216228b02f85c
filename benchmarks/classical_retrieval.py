"""Classical spaces on emoji and Flickr8k: chosen on validation, measured once on test.

Validation items come out of the training split, or are a split of their own; the choice among the grid of the space is
made by them alone, and the space is then fitted anew on the whole training split.

    python benchmarks/classical_retrieval.py emoji --space CCA --out results.json
    python benchmarks/classical_retrieval.py flickr8k --space CCA --root FOLDER --out results.json
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ParameterGrid

import commonspace as cs
from commonspace.errors import CommonspaceError
from commonspace.evaluation import Report, environment
from commonspace.spaces import Space, find_space

Params = dict[str, Any]
Fold = tuple[cs.Dataset, cs.Dataset]
Goal = Callable[[Report], float]

SEEDS = range(5)
RIDGES, SCALINGS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), (0.0, 1.0, 2.0, 4.0)
RIDGE_GRID: Params = {"ridge": RIDGES, "scaling": SCALINGS}
COVARIANCE_GRID: Params = {"standardise": (True, False), "scaling": (0.0, 0.5, 1.0, 2.0)}
GRIDS: dict[str, Params] = {
    "CCA": RIDGE_GRID,
    "MCCA": RIDGE_GRID,
    "GCCA": RIDGE_GRID,
    "PLS": COVARIANCE_GRID,
    "CFA": COVARIANCE_GRID,
    "KCCA": {"kernel": ("rbf",), "ridge": (0.1, 0.3, 1.0, 3.0, 10.0), "scaling": SCALINGS},
}
"""Space -> parameter -> the values that are tried, in every combination."""

SPECIAL: dict[tuple[str, str], Params] = {
    # 30,000 pairs of a photo and a caption: by landmarks.
    ("KCCA", "flickr8k"): {"landmarks": (2000,), "n_features": (1000,), "ridge": (0.03, 0.1, 0.3, 1.0)},
}
"""Space and data set -> what takes the place of values in `GRIDS`, or is added to them."""

COMPONENTS = (64, 128, 256)
"""The first k dimensions of a space are the space of k components: one fit for all of them."""

LATE = ("n_components", "scaling")
"""What acts on embeddings, so that a fitted space need not be fitted again, nor anything embedded again."""


def grid(name: str, dataset: str) -> Iterator[tuple[Params, list[Params]]]:
    """What is to be fitted, and for each fit the `LATE` parameters that are tried with it."""
    values = {**GRIDS[name], **SPECIAL.get((name, dataset), {}), "n_components": COMPONENTS}
    late = list(ParameterGrid({key: v for key, v in values.items() if key in LATE}))
    for early in ParameterGrid({key: v for key, v in values.items() if key not in LATE}):
        yield early, late


def make(name: str, params: Params, seed: int) -> Space:
    """The space with its parameters, and the seed where it is random."""
    cls: Any = find_space(name)
    return cls(**params, **({"random_state": seed} if is_random(name) else {}))  # type: ignore[no-any-return]


def is_random(name: str) -> bool:
    """Whether fits depend on a seed."""
    return "random_state" in find_space(name)().get_params()


class Embedded:
    """Items as a fitted space embeds them before any of `LATE` acts, so that they are embedded once for all of these.

    Args:
        space: A fitted space.
        items: What is to be evaluated.
    """

    def __init__(self, space: Space, items: cs.Dataset) -> None:
        self._space, self._items = space, items
        plain = copy.copy(space).set_params(scaling=0.0, normalize=False)
        self._plain = plain.transform({modality: items.view(modality) for modality in space.modalities_})

    def report(self, late: Params) -> Report:
        """What evaluation gives where the space has these parameters; cosines do not see the length."""
        changed: Any = copy.copy(self._space).set_params(**late)
        changed.transform = lambda views, time=None: {m: self._finished(m, late) for m in views}
        return cs.evaluate(changed, self._items)

    def _finished(self, modality: str, late: Params) -> NDArray[np.float32]:
        space: Any = self._space
        Z: NDArray[np.float64] = self._plain[modality][..., : late["n_components"]].astype(np.float64)
        scales: NDArray[np.float64] = space.correlations_[: Z.shape[-1]] ** late["scaling"]
        return (Z * scales).astype(np.float32)


def choose(name: str, dataset: str, folds: list[Fold], goal: Goal) -> Params:
    """The parameters with the best mean goal over pairs of a fitting and a validation part."""
    best, best_goal = {}, -np.inf
    parts = [(fit.views, fit.labels, held) for fit, held in folds]
    for early, late in grid(name, dataset):
        most = {**early, "n_components": max(COMPONENTS)}
        embedded = [Embedded(make(name, most, 0).fit(views, labels), held) for views, labels, held in parts]
        for params in late:
            found = float(np.mean([goal(part.report(params)) for part in embedded]))
            if found > best_goal:
                best, best_goal = {**early, **params}, found
    print(f"{name} on {dataset}: {best_goal:.4f} on validation with {best}", flush=True)
    return best


def measure(data: cs.Dataset, name: str, params: Params, seed: int) -> tuple[Report, float]:
    """Fits on train, evaluates on test; the report and the seconds of the fit."""
    train = data.split("train")
    views, labels = train.views, train.labels
    started = time.perf_counter()
    space = make(name, params, seed).fit(views, labels)
    seconds = time.perf_counter() - started
    return cs.evaluate(space, data.split("test")), seconds


def result(measured: list[tuple[Report, float]], params: list[Params], seeds: list[int], selected_on: str) -> Params:
    """One entry of the results, a list of values per seed."""
    reports = [report for report, _ in measured]
    directions = list(reports[0].recall)
    cuts = list(reports[0].recall[directions[0]])
    return {
        "dataset": reports[0].dataset,
        "protocol": reports[0].protocol,
        "rule": reports[0].rule,
        "space": reports[0].space,
        "params": params,
        "seeds": seeds,
        "selected_on": selected_on,
        "transductive": False,
        "map": {d: [r.map[d] for r in reports] for d in reports[0].map},
        "recall": {d: {str(k): [r.recall[d][k] for r in reports] for k in cuts} for d in directions},
        "fit_seconds": [seconds for _, seconds in measured],
        "environment": environment(),
    }


def emoji(name: str, _: Path | None) -> list[Params]:
    """Five splits of each protocol, 300 items held out each; the goal is Recall@1 + Recall@10, text to image."""

    def goal(report: Report) -> float:
        return report.recall["text->image"][1] + report.recall["text->image"][10]

    results = []
    for protocol in ("random", "families"):
        chosen, measured = [], []
        for seed in SEEDS:
            data = cs.load_dataset("emoji", protocol=protocol, seed=seed)
            folds = [data.split("train").holdout(300, seed=fold) for fold in range(3)]
            chosen.append(choose(name, "emoji", folds, goal))
            measured.append(measure(data, name, chosen[-1], seed))
        entry = result(measured, chosen, list(SEEDS), "validation part of train")
        results.append({**entry, "protocol": protocol})
    return results


def flickr8k(name: str, root: Path | None) -> list[Params]:
    """The 1,000 dev photos are the validation part; the goal is the sum of Recall@1, 5 and 10 in both directions."""

    def goal(report: Report) -> float:
        return sum(sum(recall.values()) for recall in report.recall.values())

    data = cs.load_dataset("flickr8k", root=root)
    chosen = choose(name, "flickr8k", [(data.split("train"), data.split("validation"))], goal)
    seeds = list(SEEDS) if is_random(name) else [0]
    measured = [measure(data, name, chosen, seed) for seed in seeds]
    return [result(measured, [chosen] * len(seeds), seeds, "dev split")]


def main() -> None:
    """Runs one of them and writes its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=("emoji", "flickr8k"))
    parser.add_argument("--space", required=True, choices=tuple(GRIDS), metavar="NAME", help=", ".join(GRIDS))
    parser.add_argument("--root", type=Path, help="where the files of flickr8k lie")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    run = {"emoji": emoji, "flickr8k": flickr8k}[arguments.dataset]
    try:
        results = run(arguments.space, arguments.root)
    except CommonspaceError as error:
        sys.exit(str(error))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n")
    for entry in results:
        print(entry["dataset"], entry["protocol"])
        for direction, recall in entry["recall"].items():
            values = {f"R@{k}": v for k, v in recall.items()} | {"mAP@all": entry["map"].get(direction, [])}
            print(f"  {direction}:", {k: f"{np.mean(v):.3f} +- {np.std(v):.3f}" for k, v in values.items() if v})


if __name__ == "__main__":
    main()
