r"""Deep spaces on emoji and Flickr8k: chosen on validation, five seeds, measured on test.

As in `classical_retrieval.py` validation items come out of the training split, or are a split of their own, and choose
among the grid of the space. Only then is it fitted with five seeds and measured on test. Each fit stops early by a
tenth of its own training items, or, on Flickr8k, by the dev photos.

    python benchmarks/deep_retrieval.py flickr8k --space Contrastive --root FOLDER --out results.json
    python benchmarks/deep_retrieval.py flickr8k --space Contrastive --root FOLDER --out results.json \
        --image-encoder efficientnet-lite0:flip+efficientnet-lite2:flip
    python benchmarks/deep_retrieval.py emoji --space Contrastive --out results.json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from classical_retrieval import SEEDS, Params, result
from sklearn.model_selection import ParameterGrid

import commonspace as cs
from commonspace.errors import CommonspaceError
from commonspace.evaluation import Report
from commonspace.spaces import find_space

Goal = Callable[[Report], float]

GRIDS: dict[str, Params] = {
    "Contrastive": {},
    "DCCA": {"n_components": (32, 64, 128), "dropout": (0.3,), "ridge": (1e-2, 1e-1)},
    "CorrAE": {"reconstruct": ("cross", "full"), "pretraining": (None,), "activation": ("tanh",)},
}
"""Space -> parameter -> the values that are tried, in every combination; {} is the defaults."""


def make(name: str, params: Params, seed: int) -> Any:
    """The space with its parameters."""
    cls: Any = find_space(name)
    return cls(**params, random_state=seed)


def choose(name: str, grid: Params, folds: list[tuple[cs.Dataset, cs.Dataset]], goal: Goal) -> tuple[Params, float]:
    """The parameters with the best mean goal over pairs of a fitting and a validation part."""
    best: tuple[Params, float] = {}, -np.inf
    for params in ParameterGrid(grid):
        found = [
            goal(cs.evaluate(make(name, params, seed).fit(fit.views, fit.labels), held))
            for seed, (fit, held) in enumerate(folds)
        ]
        if np.mean(found) > best[1]:
            best = params, float(np.mean(found))
        print(f"  {np.mean(found):.4f} +- {np.std(found):.4f} {params}", flush=True)
    print(f"{name}: {best[1]:.4f} on validation with {best[0]}", flush=True)
    return best


def measure(data: cs.Dataset, name: str, params: Params, seed: int) -> tuple[Report, float]:
    """Fits on train, evaluates on test; the report and the seconds of the fit."""
    train = data.split("train")
    views, labels = train.views, train.labels
    dev = data.split("validation") if data.name == "flickr8k" else None
    started = time.perf_counter()
    space = make(name, params, seed).fit(views, labels, validation=None if dev is None else (dev.views, dev.labels))
    seconds = time.perf_counter() - started
    return cs.evaluate(space, data.split("test")), seconds


def flickr8k(name: str, root: Path | None, encoder: str | None = None) -> list[Params]:
    """The goal is the sum of Recall@1, 5 and 10 in both directions on the 1,000 dev photos."""
    data = cs.load_dataset("flickr8k", root=root, encoders={"image": encoder} if encoder else None)
    train, dev = data.split("train"), data.split("validation")
    params: Params = {}
    if GRIDS[name]:
        params, _ = choose(name, GRIDS[name], [(train, dev)], _all_recalls)
    measured = [measure(data, name, params, seed) for seed in SEEDS]
    entry = result(measured, [params] * len(SEEDS), list(SEEDS), "dev split")
    return [{**entry, "encoders": {"image": encoder}} if encoder else entry]


def emoji(name: str, _: Path | None) -> list[Params]:
    """Five splits of each protocol; what is chosen on the first serves all."""
    results = []
    for protocol in ("random", "families"):
        data = [cs.load_dataset("emoji", protocol=protocol, seed=seed) for seed in SEEDS]
        params: Params = {}
        if GRIDS[name]:
            params, _best = choose(name, GRIDS[name], [data[0].split("train").holdout(300, seed=0)], _all_recalls)
        measured = [measure(d, name, params, seed) for seed, d in zip(SEEDS, data, strict=True)]
        entry = result(measured, [params] * len(SEEDS), list(SEEDS), "validation part of train")
        results.append({**entry, "protocol": protocol})
    return results


def _all_recalls(report: Report) -> float:
    return sum(sum(recall.values()) for recall in report.recall.values())


def main() -> None:
    """Runs one of them and writes its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=("emoji", "flickr8k"))
    parser.add_argument("--space", required=True, choices=tuple(GRIDS), metavar="NAME", help=", ".join(GRIDS))
    parser.add_argument("--root", type=Path, help="where the files of flickr8k lie")
    parser.add_argument("--image-encoder", metavar="NAME", help="of flickr8k; default: that of the catalogue")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    runs: dict[str, Callable[[str, Path | None], list[Params]]] = {
        "emoji": emoji,
        "flickr8k": partial(flickr8k, encoder=arguments.image_encoder),
    }
    try:
        results = runs[arguments.dataset](arguments.space, arguments.root)
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
