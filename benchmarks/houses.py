"""Houses by four photos and a table: does fusion foretell the price better than the table alone?

Ten times ten folds, the same for every method. The table (bedrooms, bathrooms, logarithm of the area, zip code) is
encoded by what the training fold has of it, the photos by EfficientNet-Lite0, of which 64 principal axes of each room's
photos are kept, those of the training fold. Every space learns from the training fold, and a regression within it
foretells the logarithm of the price from what the space makes of a house: ridge regression, linear or with an RBF
kernel, of which leave-one-out chooses kernel, width and ridge, and for EarlyFusion the weight of the table too.
EarlyFusion is also given the features of the table's RBF kernel in place of the table, which makes it a sum of kernels.
The table alone is given to the same regression, to linear ridge regression, and to boosted trees. LateFusion foretells
by itself. Then the same, where each photo of a house to be foretold is missing with probability one half; nothing is
learnt anew.

The parameters of the networks, which are few, were chosen by four folds of another split of the same houses.

R2 is that of all houses in one repetition; differences are of means over repetitions, and their intervals by a
bootstrap over houses, all repetitions of a house together.

Repetitions run side by side, and each that is finished is kept in `--work`: after a kill the same command goes on.

    python benchmarks/houses.py --root FOLDER --work FOLDER --out benchmarks/results/houses.json

"Houses dataset" (535 houses), E. Ahmed, M. Moustafa, House price estimation from visual and textual features, 2016.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measured import write_result
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline, make_pipeline
from threadpoolctl import threadpool_limits

import commonspace as cs
from commonspace.encoders import get_encoder
from commonspace.encoders.tabular import TabularEncoder
from commonspace.files import replacing
from commonspace.progress import progress
from commonspace.threads import cpu_threads

ROOMS = ("bathroom", "bedroom", "frontal", "kitchen")
FIELDS = ("bedrooms", "bathrooms", "area", "zip", "price")
AXES = 64
RIDGES = np.logspace(-4, 4, 33)
WIDTHS = (0.3, 1.0, 3.0, 10.0)
"""Of RBF kernels, in medians of the squared distances between training items."""

PARTS = ("all photos", "half of the photos missing")
SMALL: dict[str, Any] = {"hidden_sizes": (64,), "batch_size": 64, "max_epochs": 40, "patience": 8, "random_state": 0}

Matrix = NDArray[Any]
Views = dict[str, Matrix]
Houses = tuple[list[dict[str, object]], Views, Matrix]
"""Rows of the table, photos by room as rows of features, and logarithms of prices."""

Method = Callable[[Views, Matrix, list[Views]], list[Matrix]]
"""Views to learn from, what is to be foretold of them, and sets of views to foretell it of."""


def regression(train: Matrix, y: Matrix, *, kernels: bool = True) -> tuple[float, Any]:
    """The ridge regression that foretells best what is left out, one at a time: its score, and the fitted model."""
    train = train.astype(np.float64)  # of kernels in float32 the small eigenvalues are noise
    models: list[Any] = [RidgeCV(RIDGES)]
    if kernels:
        gammas = [1 / (width * np.median(pdist(train, "sqeuclidean"))) for width in WIDTHS]
        # With as many landmarks as items this is the kernel itself.
        models += [
            make_pipeline(Nystroem(gamma=g, n_components=len(y), random_state=0), RidgeCV(RIDGES)) for g in gammas
        ]
    fitted = [model.fit(train, y) for model in models]
    scores = [(model[-1] if isinstance(model, Pipeline) else model).best_score_ for model in fitted]
    best = int(np.argmax(scores))
    return scores[best], fitted[best]


def by_table(*, kernels: bool) -> Method:
    """The table alone."""

    def foretell(train: Views, y: Matrix, tests: list[Views]) -> list[Matrix]:
        _, model = regression(train["table"], y, kernels=kernels)
        return [model.predict(test["table"]) for test in tests]

    return foretell


def by_trees(train: Views, y: Matrix, tests: list[Views]) -> list[Matrix]:
    """The table alone, by boosted trees."""
    settings: dict[str, Any] = {"n_estimators": 200, "max_depth": 3, "learning_rate": 0.05, "subsample": 0.7}
    model = GradientBoostingRegressor(**settings, random_state=0).fit(train["table"], y)
    return [model.predict(test["table"]) for test in tests]


def by_space(space: Any, modalities: tuple[str, ...] = (*ROOMS, "table")) -> Method:
    """A regression on the embeddings of a space."""

    def foretell(train: Views, y: Matrix, tests: list[Views]) -> list[Matrix]:
        fitted = space.fit({m: train[m] for m in modalities})
        embedded = [fitted.transform({m: part[m] for m in modalities})["joint"] for part in (train, *tests)]
        _, model = regression(embedded[0], y)
        # A house whose photos are all missing has no embedding of photos alone; the mean price is said of it.
        gone = [np.isnan(z).any(1) for z in embedded[1:]]
        return [np.where(g, y.mean(), model.predict(np.nan_to_num(z))) for g, z in zip(gone, embedded[1:], strict=True)]

    return foretell


def by_early_fusion(train: Views, y: Matrix, tests: list[Views]) -> list[Matrix]:
    """A regression on early fusion, which chooses the weight of the table too."""
    return _by_weights(cs.EarlyFusion(normalize=False), (train, *tests), y, kernels=True)


def by_kernel_fusion(train: Views, y: Matrix, tests: list[Views]) -> list[Matrix]:
    """The same, linear, of photos and the features of the kernel that is best for the table alone: a sum of kernels."""
    _, alone = regression(train["table"], y)
    lift = alone[0].transform if isinstance(alone, Pipeline) else np.asarray
    parts = [{**part, "table": lift(part["table"])} for part in (train, *tests)]
    space = cs.EarlyFusion(block_components=None, standardise=False, normalize=False)
    return _by_weights(space, parts, y, kernels=False)


def _by_weights(space: cs.EarlyFusion, parts: Sequence[Views], y: Matrix, *, kernels: bool) -> list[Matrix]:
    spaces = [clone(space).set_params(weights={"table": weight}).fit(parts[0]) for weight in (1.0, 2.0, 4.0, 8.0)]
    found = [regression(space.transform(parts[0])["joint"], y, kernels=kernels) for space in spaces]
    best = int(np.argmax([score for score, _ in found]))
    return [found[best][1].predict(spaces[best].transform(part)["joint"]) for part in parts[1:]]


def by_late_fusion(merge: Any) -> Method:
    """What late fusion foretells by itself."""

    def foretell(train: Views, y: Matrix, tests: list[Views]) -> list[Matrix]:
        space = cs.LateFusion(merge=merge, target="number", **SMALL).fit(train, y)
        return [space.predict(test) for test in tests]

    return foretell


def methods() -> dict[str, Method]:
    """Name -> how it foretells."""
    code: dict[str, Any] = {"n_components": 64, "normalize": False, **SMALL}
    return {
        "table alone, ridge": by_table(kernels=False),
        "table alone, kernel ridge": by_table(kernels=True),
        "table alone, boosted trees": by_trees,
        "photos alone, EarlyFusion": by_space(cs.EarlyFusion(normalize=False), ROOMS),
        "EarlyFusion": by_early_fusion,
        "EarlyFusion, kernel of the table": by_kernel_fusion,
        "LateFusion, gated": by_late_fusion("gated"),
        "LateFusion, concat": by_late_fusion("concat"),
        "LateFusion, decision": by_late_fusion("decision"),
        "MultimodalAutoencoder": by_space(cs.MultimodalAutoencoder(activation="tanh", **code)),
        "MVAE": by_space(cs.MVAE(activation="tanh", beta=0.1, weights={"table": 4.0}, **code)),
        "FusionTransformer": by_space(cs.FusionTransformer(width=64, **code)),
    }


def read(root: Path) -> Houses:
    """The houses of a folder."""
    lines = (root / "HousesInfo.txt").read_text().splitlines()
    numbers = np.array([line.split() for line in lines if line.strip()], float)
    rows: list[dict[str, object]] = [
        {"bedrooms": r[0], "bathrooms": r[1], "log area": float(np.log(r[2])), "zip": str(int(r[3]))} for r in numbers
    ]
    encoder = get_encoder("efficientnet-lite0:flip", kind="image")
    paths = {room: [str(root / "images" / f"{i + 1}_{room}.jpg") for i in range(len(rows))] for room in ROOMS}
    return rows, {room: encoder.encode(paths[room]) for room in ROOMS}, np.log(numbers[:, FIELDS.index("price")])


def fold(rows: list[dict[str, object]], photos: Views, train: Matrix, test: Matrix, seed: int) -> list[Views]:
    """Views of the training fold, of the test fold, and of the test fold with half of the photos missing."""
    encoder = TabularEncoder.fit([rows[i] for i in train], kinds={"zip": "category"})
    parts: list[Views] = [{}, {}]
    for room, view in photos.items():
        axes = PCA(AXES, random_state=0).fit(view[train])
        for part, index in zip(parts, (train, test), strict=True):
            part[room] = axes.transform(view[index])
    for part, index in zip(parts, (train, test), strict=True):
        part["table"] = encoder.encode([rows[i] for i in index])
    gaps = dict(parts[1])
    rng = np.random.default_rng((seed, int(test[0])))
    for room in ROOMS:
        gaps[room] = np.where(rng.random((len(test), 1)) < 0.5, np.nan, gaps[room])
    return [*parts, gaps]


def r2(predicted: Matrix, y: Matrix) -> float:
    """The share of the variance that is foretold."""
    return float(1 - ((predicted - y) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def interval(first: Matrix, second: Matrix, y: Matrix) -> tuple[float, float]:
    """The 95 % interval of what the mean R2 of one has above that of the other; both (repetitions, houses)."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(2000):
        i = rng.integers(0, len(y), len(y))
        scale = ((y[i] - y[i].mean()) ** 2).sum()
        found.append((((second[:, i] - y[i]) ** 2).sum(1) - ((first[:, i] - y[i]) ** 2).sum(1)).mean() / scale)
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def told(predictions: Mapping[str, Matrix], y: Matrix) -> dict[str, Any]:
    """R2 of each method, over repetitions, and what it has above each way of taking the table alone."""
    report = {}
    for name, found in predictions.items():
        each = [r2(row, y) for row in found]
        report[name] = {
            "r2": float(np.mean(each)),
            "spread": float(np.std(each)),
            "each": each,
            "above": {
                base: {"difference": float(np.mean(each) - np.mean([r2(row, y) for row in other])),
                       "interval": interval(found, other, y)}
                for base, other in predictions.items()
                if base.startswith("table") and base != name
            },
        }  # fmt: skip
    return report


def repeat(number: int, names: list[str], houses: Houses, path: Path) -> None:
    """One repetition: what each method foretells of every house, once from ten folds, written to `path`."""
    rows, photos, y = houses
    known = methods()
    found: dict[str, Matrix] = {}
    for train, test in KFold(10, shuffle=True, random_state=number).split(y):
        views, *tests = fold(rows, photos, train, test, number)
        for name in names:
            started = time.perf_counter()
            for part, values in zip(PARTS, known[name](views, y[train], tests), strict=True):
                found.setdefault(f"{name}/{part}", np.zeros(len(y)))[test] = values
            found[f"{name}/seconds"] = found.get(f"{name}/seconds", np.zeros(1)) + time.perf_counter() - started
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **found)


def _one_thread() -> None:
    """Each process has a processor of its own."""
    torch.set_num_threads(1)
    threadpool_limits(1)


def main() -> None:
    """Measures what is not in the folder yet, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="a folder for finished repetitions, which are kept")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--only", nargs="*", help="parts of names of methods")
    parser.add_argument("--processes", type=int, default=cpu_threads())
    arguments = parser.parse_args()
    houses = read(arguments.root)
    y = houses[2]
    names = [n for n in methods() if not arguments.only or any(part in n for part in arguments.only)]
    told_of = [*names, Path(__file__).read_text(encoding="utf-8"), cs.__version__, str(y.tolist())]
    digest = sha256("\n".join(told_of).encode()).hexdigest()[:8]
    paths = [arguments.work / f"{digest}-{number}.npz" for number in range(arguments.repetitions)]
    missing = [(number, path) for number, path in enumerate(paths) if not path.is_file()]
    arguments.work.mkdir(parents=True, exist_ok=True)
    with (
        progress("houses", len(missing), "repetitions") as advance,
        ProcessPoolExecutor(arguments.processes, get_context("spawn"), _one_thread) as pool,
    ):
        for done in as_completed([pool.submit(repeat, number, names, houses, path) for number, path in missing]):
            done.result()
            advance(1)
    found = []
    for path in paths:
        with np.load(path) as arrays:
            found.append(dict(arrays))
    result: dict[str, Any] = {
        "dataset": "houses",
        "protocol": f"{arguments.repetitions} x 10 folds",
        "metric": "R2 of log price",
        **{part: told({name: np.stack([of[f"{name}/{part}"] for of in found]) for name in names}, y) for part in PARTS},
        "seconds_per_fold": {name: float(np.mean([of[f"{name}/seconds"] for of in found])) / 10 for name in names},
    }
    write_result(arguments.out, result)
    for part in PARTS:
        print(part)
        for name, entry in result[part].items():
            line = f"  {name:33} {entry['r2']:.4f} +- {entry['spread']:.4f}"
            for base, above in entry["above"].items():
                low, high = above["interval"]
                line += f"  {above['difference']:+.4f} [{low:+.4f}, {high:+.4f}] above {base}"
            print(line)


if __name__ == "__main__":
    main()
