"""Brain scans: can PET or SPECT be told from MRI?

Slices are split as in `scan_retrieval.py`, by runs and by heads. Pictures are of 64 x 64 pixels from 0 (black) to 1;
for PET and SPECT, which are in colour, brightness is the brightest channel. Told is the root of the mean squared error
of a pixel in each fold: of the multimodal autoencoder, whose pixels are shares; of a ridge regression from all pixels,
its ridge chosen by the same slices; and of the mean picture. These two then learn from the slices that chose as well.

    python benchmarks/scan_reconstruction.py --root FOLDER --out FILE --pictures FOLDER
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scan_slices import SIDE, Fold, Matrix, brightness, fitted, folds, read, splits
from sklearn.linear_model import Ridge

import commonspace as cs
from commonspace.evaluation import environment
from commonspace.files import replacing

COLLECTIONS = ("PET-MRI", "SPECT-MRI")
SETTINGS: tuple[Mapping[str, Any], ...] = (
    {"hidden_sizes": (256,), "dropout": 0.1},
    {"hidden_sizes": (512,), "dropout": 0.3},
)


def rmse(found: Matrix, true: Matrix) -> float:
    """The root of the mean squared error of a pixel."""
    return float(np.sqrt(np.mean((found - true) ** 2)))


def reconstruction(parts: list[Fold], source: str, target: str) -> tuple[dict[str, Any], list[Matrix]]:
    """Errors of three ways to tell one kind from the other; and from the last fold pictures in columns."""
    errors: dict[str, list[float]] = {"MultimodalAutoencoder": [], "ridge regression": [], "mean picture": []}
    chosen = []
    for fold in parts:
        asked, true = {source: fold.test.view(source)}, fold.test.view(target)

        def error(space: Any, part: cs.Dataset) -> float:
            return rmse(space.reconstruct({source: part.view(source)}, to=target)[target], part.view(target))

        shared = {"n_components": 64, "batch_size": 64, "losses": dict.fromkeys((source, target), "bernoulli")}
        settings = [{**shared, **own} for own in SETTINGS]
        spaces = [fitted(cs.MultimodalAutoencoder, p, 0, fold) for p in settings]
        best = int(np.argmin([error(space, fold.choose) for space in spaces]))
        chosen.append(settings[best])
        errors["MultimodalAutoencoder"].append(error(spaces[best], fold.test))
        both = [fold.both()[m] for m in (source, target)]
        ridges = [Ridge(alpha).fit(fold.fit.view(source), fold.fit.view(target)) for alpha in np.logspace(-1, 5, 13)]
        chosen_by = fold.choose.view(source), fold.choose.view(target)
        alpha = min(ridges, key=lambda r: rmse(r.predict(chosen_by[0]), chosen_by[1])).alpha
        linear = Ridge(alpha).fit(*both)
        errors["ridge regression"].append(rmse(linear.predict(asked[source]), true))
        errors["mean picture"].append(rmse(both[1].mean(0), true))
        shown = np.linspace(0, len(true) - 1, 6).astype(int)
        told = spaces[best].reconstruct(asked, to=target)[target]
        pictures = [asked[source][shown], true[shown], told[shown], np.abs(told - true)[shown]]
    sizes = [len(fold.test) for fold in parts]
    told_of = {"source": source, "target": target, "slices": sizes, "rmse": errors, "params": chosen}
    return told_of, pictures


def draw(columns: list[Matrix], titles: Sequence[str], path: Path) -> None:
    """Slices in rows, what they are in columns."""
    figure = Figure(figsize=(2 * len(columns), 2 * len(columns[0])), layout="constrained")
    axes = figure.subplots(len(columns[0]), len(columns), squeeze=False)
    for j, (column, title) in enumerate(zip(columns, titles, strict=True)):
        axes[0, j].set_title(title)
        for i, row in enumerate(column):
            axes[i, j].imshow(row.reshape(SIDE, SIDE), cmap="gray", vmin=0, vmax=1)
            axes[i, j].set_axis_off()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="the folder of PET-MRI and SPECT-MRI")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of what was reconstructed")
    arguments = parser.parse_args()
    results = []
    for name in COLLECTIONS:
        files, kinds = read(arguments.root / name)
        target = next(kind for kind in kinds if kind != "MRI")
        pixels = {m: np.stack([brightness(arguments.root / name / m / file.name) for file in files]) for m in kinds}
        for split, parts in splits(files).items():
            found, columns = reconstruction(folds(pixels, parts), "MRI", target)
            means = {way: float(np.average(each, weights=found["slices"])) for way, each in found["rmse"].items()}
            print(name, split, means, found["params"], flush=True)
            if arguments.pictures:
                titles = ("MRI", target, f"{target} from MRI", "error")
                draw(columns, titles, arguments.pictures / f"{name}-{split}.png")
            results.append({"dataset": f"brain {name}", "split": split, **found, "environment": environment()})
            with replacing(arguments.out) as temporary:
                temporary.write_text(json.dumps(results, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
