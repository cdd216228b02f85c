"""Brain scans: does a slice find its registered partner of another kind?

Neighbouring slices of one head are nearly the same picture; the file names count slices within a head, whose number
stands in the thousands (25037 is slice 37 of head 25). Two splits keep near-duplicates together. By runs: each head is
cut into five runs of neighbouring slices, of which one is held out, with a margin of two slices on either side that is
in no part; the heads are known, these places in them are not. By heads: whole heads are held out, in five folds, or
three of the three heads of PET-MRI, of which one is then learnt from, one chooses and one is measured. In either,
another run, or other heads, choose the parameters and where training stops. Each held-out slice searches among all
held-out slices of its fold.

By the encoder `scan`: Recall@1 and @5, mean of both directions, over folds and seeds; chance is that of the galleries.
CCA and KCCA, once chosen, learn from the slices that chose as well.

    python benchmarks/scan_retrieval.py --root FOLDER --out benchmarks/results/scan_retrieval.json

"Harvard whole brain atlas" slices, as gathered by X. Gu for image fusion (AANLIB).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scan_slices import COLLECTIONS, SEEDS, Fold, brightness, fitted, folds, read, resemblance, splits
from sklearn.model_selection import ParameterGrid

import commonspace as cs
from commonspace.encoders import get_encoder
from commonspace.evaluation import environment
from commonspace.files import replacing

SMALL: dict[str, Sequence[Any]] = {"hidden_sizes": ((256,),), "batch_size": (64,), "standardise": (True, False)}
GRIDS: dict[str, tuple[type, Mapping[str, Sequence[Any]]]] = {
    "CCA": (cs.CCA, {"n_components": (16, 32, 64), "ridge": (0.1, 0.3, 1.0, 3.0), "scaling": (0.0, 1.0)}),
    "KCCA": (cs.KCCA, {"n_components": (16, 32, 64), "ridge": (0.1, 1.0), "scaling": (0.0, 1.0), "energy": (1.0,)}),
    "CorrAE": (
        cs.CorrAE,
        {"reconstruct": ("cross", "full"), "activation": ("relu", "tanh"), "n_components": (64,), **SMALL},
    ),
    "Contrastive": (cs.Contrastive, {"max_epochs": (25, 75), "n_components": (128,), **SMALL}),
}


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


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="the folder of CT-MRI, PET-MRI and SPECT-MRI")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
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
            }
            print(name, split, {kind: round(value, 3) for kind, value in entry["resemblance"].items()}, flush=True)
            for method, (cls, grid) in GRIDS.items():
                entry[method] = found = retrieval(folds(views, parts), cls, grid)
                told = [f"{np.mean(found[f'recall@{k}']):.3f} +- {np.std(found[f'recall@{k}']):.3f}" for k in (1, 5)]
                print(" ", method, *told, found["chance"], found["params"][0], flush=True)
            results.append({**entry, "environment": environment()})
            with replacing(arguments.out) as temporary:
                temporary.write_text(json.dumps(results, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
