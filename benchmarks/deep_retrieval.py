r"""Deep spaces on emoji, the Wikipedia features and Flickr8k: chosen on validation, five seeds, measured on test.

As in `classical_retrieval.py` validation items come out of the training split, or are a split of their own, and choose
among the grid of the space. Only then is it fitted with five seeds and measured on test. Each fit stops early by a
tenth of its own training items, or, on Flickr8k, by the dev photos.

    python benchmarks/deep_retrieval.py wikipedia --space DeepSM --root FOLDER --out results.json
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

FOLDS = range(3)
SMALL: Params = {"hidden_sizes": ((256,),), "dropout": (0.5,), "learning_rate": (3e-4,), "weight_decay": (0.1, 1.0)}
GRIDS: dict[str, Params] = {
    "DeepSM": {**SMALL, "dropout": (0.5, 0.7), "activation": ("relu", "gelu"), "validation_fraction": (0.1, 0.2)},
    "ACMR": {**SMALL, "alpha": (0.3, 1.0), "adversary": (0.0, 0.1)},
    "Triplet": {**SMALL, "margin": (0.1, 0.2, 0.4)},
    "SAM": {**SMALL, "most": (0.2, 0.5), "class_similarity": ("centroids", "text")},
    "DSCMR": {**SMALL, "n_components": (256,), "likelihood": (1e-3, 0.1, 1.0)},
    "Prototype": {**SMALL, "sharpness": (1.0, 4.0, 16.0)},
    "DCCA": {**SMALL, "n_components": (6, 9, 32), "ridge": (1e-2, 1e-1)},
    "Contrastive": {**SMALL, "weight_decay": (1.0,), "max_epochs": (5, 10, 20)},
    "CorrAE": {
        "reconstruct": ("own", "cross", "full"),
        "pretraining": (None, "denoising"),
        "activation": ("tanh",),
        "learning_rate": (1e-3, 3e-3),
    },
    "CMDN": {"dropout": (0.1, 0.5)},
    "CCL": {"dropout": (0.1, 0.5)},
}
"""Space -> parameter -> the values that are tried on Wikipedia, in every combination."""

PAIRS: Params = {
    "Contrastive": {},
    "DCCA": {"n_components": (32, 64, 128), "dropout": (0.3,), "ridge": (1e-2, 1e-1)},
    "CorrAE": {"reconstruct": ("cross", "full"), "pretraining": (None,), "activation": ("tanh",)},
}
"""What is tried on emoji and Flickr8k, where items are found by their pair alone; {} is the defaults."""


def make(name: str, params: Params, seed: int) -> Any:
    """The space with its parameters."""
    cls: Any = find_space(name)
    return cls(**params, random_state=seed)


def rooted(data: cs.Dataset) -> cs.Dataset:
    """The same data with the square roots of its features, by which histograms are compared as by Hellinger."""
    views = {modality: np.sqrt(view) for modality, view in data.views.items()}
    split = data.table["split"].to_pylist()
    return cs.Dataset(views, ids=data.ids, labels=data.labels, split=split, name=data.name, protocol=data.protocol)


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


def wikipedia(name: str, root: Path | None) -> list[Params]:
    """Both protocols, whose train is the same; the goal is the mean mAP@all over random fifths of train."""

    def goal(report: Report) -> float:
        return float(np.mean(list(report.map.values())))

    data = [
        rooted(cs.load_dataset("wikipedia", root=root, protocol=protocol)) for protocol in ("2173/693", "2173/231/462")
    ]
    folds = [data[0].split("train").holdout(0.2, seed=fold) for fold in FOLDS]
    params, _ = choose(name, GRIDS[name], folds, goal)
    seeds = list(SEEDS)
    return [
        {
            **result(
                [measure(d, name, params, seed) for seed in seeds],
                [params] * len(seeds),
                seeds,
                "validation part of train",
            ),
            "views": "square roots of both histograms",
        }
        for d in data
    ]


def flickr8k(name: str, root: Path | None, encoder: str | None = None) -> list[Params]:
    """The goal is the sum of Recall@1, 5 and 10 in both directions on the 1,000 dev photos."""
    data = cs.load_dataset("flickr8k", root=root, encoders={"image": encoder} if encoder else None)
    train, dev = data.split("train"), data.split("validation")
    params: Params = {}
    if PAIRS[name]:
        params, _ = choose(name, PAIRS[name], [(train, dev)], _all_recalls)
    measured = [measure(data, name, params, seed) for seed in SEEDS]
    entry = result(measured, [params] * len(SEEDS), list(SEEDS), "dev split")
    return [{**entry, "encoders": {"image": encoder}} if encoder else entry]


def emoji(name: str, _: Path | None) -> list[Params]:
    """Five splits of each protocol; what is chosen on the first serves all."""
    results = []
    for protocol in ("random", "families"):
        data = [cs.load_dataset("emoji", protocol=protocol, seed=seed) for seed in SEEDS]
        params: Params = {}
        if PAIRS[name]:
            params, _best = choose(name, PAIRS[name], [data[0].split("train").holdout(300, seed=0)], _all_recalls)
        measured = [measure(d, name, params, seed) for seed, d in zip(SEEDS, data, strict=True)]
        entry = result(measured, [params] * len(SEEDS), list(SEEDS), "validation part of train")
        results.append({**entry, "protocol": protocol})
    return results


def _all_recalls(report: Report) -> float:
    return sum(sum(recall.values()) for recall in report.recall.values())


def main() -> None:
    """Runs one of them and writes its results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=("emoji", "wikipedia", "flickr8k"))
    parser.add_argument("--space", required=True, choices=tuple(GRIDS), metavar="NAME", help=", ".join(GRIDS))
    parser.add_argument("--root", type=Path, help="where the files of wikipedia or flickr8k lie")
    parser.add_argument("--image-encoder", metavar="NAME", help="of flickr8k; default: that of the catalogue")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    runs: dict[str, Callable[[str, Path | None], list[Params]]] = {
        "emoji": emoji,
        "wikipedia": wikipedia,
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
