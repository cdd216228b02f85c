"""Film posters: what was tried of Diachronic, by the films that choose.

Settings of `posters.py` but for what each row names, on the splits of its first two seeds. Told is mAP@all of the same
five years among the films that choose, a tenth of those that are not test, for the static space with the same losses
and for Diachronic.

    python benchmarks/posters_attempts.py --root FOLDER --work FOLDER --out benchmarks/results/posters_attempts.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measured import write_result
from posters import by_space, diachronic, read, same_period

from commonspace.progress import progress

SEEDS = range(2)
ATTEMPTS: dict[str, dict[str, Any]] = {
    "static": {"conditioning": "none"},
    "as measured": {},
    "film": {"conditioning": "film"},
    "stillness 0.2": {"stillness": 0.2},
    "stillness 5": {"stillness": 5.0},
    "alignment 0.1": {"alignment": 0.1},
    "alignment 2": {"alignment": 2.0},
    "window of 5 years, ranked within it": {"window": 5.0, "negatives": "window"},
    "static, window of 5 years, ranked within it": {"conditioning": "none", "window": 5.0, "negatives": "window"},
}


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="a folder for the films as a table")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    found: dict[str, dict[str, list[float]]] = {}
    every = read(arguments.root, arguments.work)
    with progress("attempts", len(every) * len(ATTEMPTS) * len(SEEDS), "fits") as advance:
        for text, data in every.items():
            for name, changed in ATTEMPTS.items():
                for seed in SEEDS:
                    train, held = data.holdout(0.2, seed=seed)[0].holdout(0.1, seed=seed)
                    embed = by_space(diachronic(**changed))(train, held, seed)
                    score = float(np.nanmean(same_period(embed(held), held)))
                    found.setdefault(text, {}).setdefault(name, []).append(score)
                    advance(1)
                print(f"  {text:20} {name:45} {np.mean(found[text][name]):.4f}", flush=True)
                write_result(arguments.out, {"map": found})


if __name__ == "__main__":
    main()
