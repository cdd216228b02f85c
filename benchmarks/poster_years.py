"""How much of a film's year can be told from its poster or its text: what a space need not be told.

R2 of a ridge regression of the year, its ridge chosen within train, on the test films of the five splits of
`posters.py`.

    python benchmarks/poster_years.py --root FOLDER --work FOLDER --out benchmarks/results/poster_years.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from measured import write_result
from posters import SEEDS, read, years
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="a folder for the films as a table")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    report: dict[str, Any] = {"dataset": "posters", "rule": "R2 of the year", "seeds": list(SEEDS)}
    for text, data in read(arguments.root, arguments.work).items():
        for modality in ("image", "text") if text == "title and overview" else ("text",):
            found = []
            for seed in SEEDS:
                train, test = data.holdout(0.2, seed=seed)
                model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(1, 6, 11)))
                found.append(
                    float(model.fit(train.view(modality), years(train)).score(test.view(modality), years(test)))
                )
            name = modality if modality == "image" else text
            report[name] = found
            print(name, f"{np.mean(found):.3f} +- {np.std(found):.3f}", flush=True)
    write_result(arguments.out, report)


if __name__ == "__main__":
    main()
