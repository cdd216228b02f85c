"""Brain scans: does a slice find its registered partner of another kind, and can PET or SPECT be told from MRI?

Neighbouring slices of one head are nearly the same picture; the file names count slices within a head, whose number
stands in the thousands (25037 is slice 37 of head 25). Two splits keep near-duplicates together. By runs: each head is
cut into five runs of neighbouring slices, of which one is held out, with a margin of two slices on either side that is
in no part; the heads are known, these places in them are not. By heads: whole heads are held out, in five folds, or
three of the three heads of PET-MRI, of which one is then learnt from, one chooses and one is measured. In either,
another run, or other heads, choose the parameters and where training stops. Each held-out slice searches among all
held-out slices of its fold.

Retrieval, by the encoder `scan`: Recall@1 and @5, mean of both directions, over folds and seeds; chance is that of the
galleries. CCA and KCCA, once chosen, learn from the slices that chose as well. Reconstruction, of pictures of 64 x 64
pixels from 0 (black) to 1: the root of the mean squared error of the multimodal autoencoder, beside those of a ridge
regression from all pixels, its ridge chosen by the same slices, and of the mean picture; these two learn from the
slices that chose as well. For PET and SPECT, which are in colour, brightness is the brightest channel.

    python benchmarks/brain_scans.py --root FOLDER --out FILE --pictures FOLDER

"Harvard whole brain atlas" slices, as gathered by X. Gu for image fusion (AANLIB).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from scan_splits import Part, by_heads, by_runs, resemblance
from sklearn.linear_model import Ridge
from sklearn.model_selection import ParameterGrid

import commonspace as cs
from commonspace.encoders import get_encoder
from commonspace.evaluation import environment
from commonspace.files import replacing

COLLECTIONS = ("CT-MRI", "PET-MRI", "SPECT-MRI")
SEEDS, SIDE = range(3), 64
SMALL: dict[str, Sequence[Any]] = {"hidden_sizes": ((256,),), "batch_size": (64,)}
GRIDS: dict[str, tuple[type, Mapping[str, Sequence[Any]]]] = {
    "CCA": (cs.CCA, {"n_components": (16, 32, 64), "ridge": (0.1, 0.3, 1.0, 3.0), "scaling": (0.0, 1.0)}),
    "KCCA": (cs.KCCA, {"n_components": (16, 32, 64), "ridge": (0.1, 1.0), "scaling": (0.0, 1.0), "energy": (1.0,)}),
    "CorrAE": (cs.CorrAE, {"reconstruct": ("cross", "full"), "n_components": (64,), **SMALL}),
    "Contrastive": (cs.Contrastive, {"max_epochs": (25, 75), "n_components": (128,), **SMALL}),
}
AUTOENCODER: Mapping[str, Sequence[Any]] = {
    "n_components": (32, 64),
    "activation": ("relu", "tanh"),
    "dropout": (0.1,),
    **SMALL,
}

Matrix = NDArray[Any]


@dataclass(frozen=True)
class Fold:
    """Slices to fit on, to choose by, and to measure on."""

    fit: cs.Dataset
    choose: cs.Dataset
    test: cs.Dataset

    def both(self) -> dict[str, Matrix]:
        """The views to fit on and to choose by."""
        return {m: np.concatenate([self.fit.view(m), self.choose.view(m)]) for m in self.fit.modalities}


def read(root: Path) -> tuple[list[Path], list[str]]:
    """The files of the first kind, and the names of both kinds."""
    kinds = sorted(folder.name for folder in root.iterdir() if folder.is_dir())
    return sorted((root / kinds[0]).glob("*.png")), kinds


def splits(files: Sequence[Path]) -> dict[str, list[Part]]:
    """Both splits of the slices."""
    heads, numbers = [str(int(f.stem) // 1000) for f in files], [int(f.stem) % 1000 for f in files]
    return {"runs": by_runs(heads, numbers), "heads": by_heads(heads)}


def folds(views: Mapping[str, Matrix], parts: Sequence[Part]) -> list[Fold]:
    """The views of each part."""
    data = cs.Dataset(dict(views))
    return [Fold(*(data.take(np.flatnonzero(mask)) for mask in (p.fit, p.choose, p.test))) for p in parts]


def fitted(cls: type, params: Mapping[str, Any], seed: int, fold: Fold, *, whole: bool = False) -> Any:
    """A space that has learnt from the fold; the slices to choose by stop a deep one, or are learnt from too."""
    known = cls().get_params()
    space = cls(**params, **({"random_state": seed} if "random_state" in known else {}))
    if "max_epochs" in known:
        return space.fit(fold.fit.views, validation=(fold.choose.views, None))
    return space.fit(fold.both() if whole else fold.fit.views)


def recalls(space: Any, data: cs.Dataset) -> tuple[float, float]:
    """Recall@1 and @5, each the mean of both directions."""
    report = cs.evaluate(space, data, ks=(1, 5))
    return tuple(float(np.mean([at[k] for at in report.recall.values()])) for k in (1, 5))  # type: ignore[return-value]


def retrieval(parts: list[Fold], cls: type, grid: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Chosen in each fold and measured there, once for each seed; the mean over folds by the number of their slices."""
    chosen, values, seconds = [], [], []
    for fold in parts:
        params = max(ParameterGrid(grid), key=lambda p: sum(recalls(fitted(cls, p, 0, fold), fold.choose)))
        chosen.append(params)
        started = time.perf_counter()
        spaces = [fitted(cls, params, seed, fold, whole=True) for seed in SEEDS]
        seconds.append((time.perf_counter() - started) / len(SEEDS))
        values.append([recalls(space, fold.test) for space in spaces])
    sizes = [len(fold.test) for fold in parts]
    by_seed = np.average(values, axis=0, weights=sizes)
    return {
        "params": chosen,
        "recall@1": by_seed[:, 0].tolist(),
        "recall@5": by_seed[:, 1].tolist(),
        "fit_seconds": seconds,
        "gallery": sizes,
        "chance": {f"recall@{k}": float(np.average([k / size for size in sizes], weights=sizes)) for k in (1, 5)},
    }


def brightness(path: Path) -> Matrix:
    """A slice as a row of 64 x 64 numbers from 0 to 1."""
    pixels = np.asarray(Image.open(path).convert("RGB")).max(-1)
    small = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel() / 255


def rmse(found: Matrix, true: Matrix) -> float:
    """The root of the mean squared error of a pixel."""
    return float(np.sqrt(np.mean((found - true) ** 2)))


def reconstruction(parts: list[Fold], source: str, target: str) -> tuple[dict[str, Any], list[Matrix]]:
    """Errors of three ways to tell one kind from the other; and from the last fold pictures in columns."""
    errors: dict[str, list[Any]] = {"MultimodalAutoencoder": [], "ridge regression": [], "mean picture": []}
    chosen = []
    for fold in parts:
        asked, true = {source: fold.test.view(source)}, fold.test.view(target)

        def error(space: Any, part: cs.Dataset) -> float:
            return rmse(space.reconstruct({source: part.view(source)}, to=target)[target], part.view(target))

        settings = list(ParameterGrid(AUTOENCODER))
        found = [error(fitted(cs.MultimodalAutoencoder, p, 0, fold), fold.choose) for p in settings]
        chosen.append(settings[int(np.argmin(found))])
        spaces = [fitted(cs.MultimodalAutoencoder, chosen[-1], seed, fold) for seed in SEEDS]
        errors["MultimodalAutoencoder"].append([error(space, fold.test) for space in spaces])
        both = [fold.both()[m] for m in (source, target)]
        ridges = [Ridge(alpha).fit(fold.fit.view(source), fold.fit.view(target)) for alpha in np.logspace(-1, 5, 13)]
        chosen_by = fold.choose.view(source), fold.choose.view(target)
        alpha = min(ridges, key=lambda r: rmse(r.predict(chosen_by[0]), chosen_by[1])).alpha
        linear = Ridge(alpha).fit(*both)
        errors["ridge regression"].append([rmse(linear.predict(asked[source]), true)])
        errors["mean picture"].append([rmse(both[1].mean(0), true)])
        shown = np.linspace(0, len(true) - 1, 6).astype(int)
        told = spaces[0].reconstruct(asked, to=target)[target]
        pictures = [asked[source][shown], true[shown], told[shown], np.abs(told - true)[shown]]
    sizes = [len(fold.test) for fold in parts]
    mean = {name: np.average(values, axis=0, weights=sizes).tolist() for name, values in errors.items()}
    return {"source": source, "target": target, "rmse": mean, "params": chosen}, pictures


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
    parser.add_argument("--root", type=Path, required=True, help="the folder of CT-MRI, PET-MRI and SPECT-MRI")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of what was reconstructed")
    arguments = parser.parse_args()
    results = []
    for name in COLLECTIONS:
        files, kinds = read(arguments.root / name)
        paths = {kind: [arguments.root / name / kind / file.name for file in files] for kind in kinds}
        views = {kind: get_encoder("scan").encode(paths[kind]) for kind in kinds}
        pixels = {kind: np.stack([brightness(path) for path in paths[kind]]) for kind in kinds}
        for split, parts in splits(files).items():
            entry: dict[str, Any] = {
                "dataset": f"brain {name}",
                "split": split,
                "slices": len(files),
                "seeds": list(SEEDS),
                "resemblance": {kind: resemblance(pixels[kind], parts) for kind in kinds},
                "retrieval": {},
            }
            print(name, split, {kind: round(value, 3) for kind, value in entry["resemblance"].items()}, flush=True)
            for method, (cls, grid) in GRIDS.items():
                entry["retrieval"][method] = found = retrieval(folds(views, parts), cls, grid)
                told = [f"{np.mean(found[f'recall@{k}']):.3f} +- {np.std(found[f'recall@{k}']):.3f}" for k in (1, 5)]
                print(" ", method, *told, found["chance"], found["params"][0], flush=True)
            if name != "CT-MRI":
                target = next(kind for kind in kinds if kind != "MRI")
                entry["reconstruction"], columns = reconstruction(folds(pixels, parts), "MRI", target)
                print(" ", entry["reconstruction"]["rmse"], entry["reconstruction"]["params"][0], flush=True)
                if arguments.pictures:
                    titles = ("MRI", target, f"{target} from MRI", "error")
                    draw(columns, titles, arguments.pictures / f"{name}-{split}.png")
            results.append({**entry, "environment": environment()})
            with replacing(arguments.out) as temporary:
                temporary.write_text(json.dumps(results, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
