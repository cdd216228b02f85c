"""Time KCCA.fit against cca-zoo where both are exact, and show what the approximations cost and change.

The clock: in each round every contender runs once, in turn, so that a slow minute hits all alike; quoted are medians
over rounds, and of the ratio within a round.

What each solves: with features F of a centred kernel and their covariance S, cca-zoo's KCCA whitens by
(1 - c) S + c I, ours by S + r mean(diag S) I. With c = a / (1 + a), a = r mean(diag S), these are the same but for a
factor, so that directions agree; c is given to cca-zoo per view. "same problem" keeps every feature of the kernel, as
cca-zoo does; "defaults" keeps at most 500 and 95 % of the trace. Directions are compared on new items before timing.

Approximations: mean mAP@all by class of both directions, on Wikipedia's original features (2173 / 693) and on planted
classes whose views are curved images of a latent, with several seeds of the landmarks.

    python benchmarks/kcca_fit.py --root FOLDER --out benchmarks/results/kcca_fit.json

cca-zoo is no dependency of commonspace: `pip install cca-zoo==4.0.1`, or leave it out with --no-peer. FOLDER holds the
Wikipedia files; without it that part is left out.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from measured import spread, write_result
from numpy.typing import NDArray
from peers import require_cca_zoo

import commonspace as cs
from commonspace import KCCA
from commonspace.spaces.kernel.features import fit_features
from commonspace.spaces.kernel.kernels import kernel_of

P, Q, K, CLASSES = 256, 128, 16, 10
Matrix = NDArray[Any]
Views = dict[str, Matrix]


def planted(n: int, seed: int) -> tuple[Views, Matrix]:
    """Views in float32 that are curved images of a latent, whose ten classes overlap; and the classes."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(100)
    centres = 1.2 * fixed.standard_normal((CLASSES, 6))
    labels = rng.integers(0, CLASSES, n)
    latent = centres[labels] + rng.standard_normal((n, 6))
    image = np.tanh(latent @ fixed.standard_normal((6, P))) + rng.standard_normal((n, P))
    text = np.cos(latent @ (0.5 * fixed.standard_normal((6, Q)))) + rng.standard_normal((n, Q))
    return {"image": image.astype(np.float32), "text": text.astype(np.float32)}, labels


def time_exact(n: int, rounds: int, peer: bool) -> dict[str, Any]:
    """Seconds of exact fits per round, and medians and quartiles of what is compared."""
    views = planted(n, seed=0)[0]
    params: dict[str, Any] = {"kernel": "rbf", "approximation": "exact"}
    same: dict[str, Any] = {**params, "energy": 1.0, "n_features": n}
    contenders: dict[str, Callable[[], Any]] = {
        "commonspace, same problem": lambda: KCCA(K, **same).fit(views),
        "commonspace, defaults": lambda: KCCA(K, **params).fit(views),
    }
    result: dict[str, Any] = {"shape": [n, P, Q], "n_components": K, "rounds": rounds}
    compared = []
    if peer:
        PeerKCCA = importlib.import_module("cca_zoo.nonparametric").KCCA
        gammas, shrinkage = match_peer(views)
        double = [x.astype(np.float64) for x in views.values()]
        contenders["cca-zoo"] = lambda: PeerKCCA(K, kernel="rbf", gamma=gammas, shrinkage=shrinkage).fit(double)
        compared = [("cca-zoo", name) for name in contenders if name != "cca-zoo"]
        result["cca-zoo shrinkage"] = shrinkage
        result["worst_cosine_of_directions_with_cca-zoo"] = check_peer(contenders)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seconds[name].append(clock(run)[0])
    return result | {
        "seconds": seconds,
        "median_seconds": {name: float(np.median(values)) for name, values in seconds.items()},
        "ratios": {f"{a} / {b}": spread(np.divide(seconds[a], seconds[b])) for a, b in compared},
    }


def match_peer(views: Views) -> tuple[list[float], list[float]]:
    """The widths and the shrinkage that make cca-zoo solve our problem with our default ridge."""
    gammas, shrinkage = [], []
    for modality, view in views.items():
        fitted, F = fit_features(
            view, kernel_of(modality, "rbf"), approximation="exact", energy=1, n_features=len(view)
        )
        a = KCCA().ridge * float((F**2).sum() / (len(F) - 1) / F.shape[1])
        gammas.append(float(fitted.kernel.gamma or 1))
        shrinkage.append(a / (1 + a))
    return gammas, shrinkage


def check_peer(contenders: dict[str, Callable[[], Any]]) -> float:
    """The least |cosine| between what both make of new items in one direction; stops the run where they differ."""
    new = planted(500, seed=1)[0]
    ours: KCCA = contenders["commonspace, same problem"]().set_params(normalize=False)
    theirs = contenders["cca-zoo"]().transform([x.astype(np.float64) for x in new.values()])
    pairs = [
        (a, b)
        for mine, other in zip(ours.transform(new).values(), theirs, strict=True)
        for a, b in zip(mine.T.astype(np.float64), np.asarray(other).T, strict=True)
    ]
    worst = min(abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b) for a, b in pairs)
    if worst < 0.99:
        sys.exit(f"results differ: cosine {worst:.3f} between a direction of commonspace and of cca-zoo")
    return float(worst)


def time_approximate(n: int, rounds: int) -> list[dict[str, Any]]:
    """Seconds of fit, and of embedding the same items, for many rows."""
    views = planted(n, seed=0)[0]
    results = []
    for approximation in ("nystroem", "fourier"):
        space = KCCA(K, approximation=approximation, random_state=0)
        seconds = [clock(partial(space.fit, views))[0] for _ in range(rounds)]
        results.append(
            {
                "shape": [n, P, Q],
                "approximation": approximation,
                "landmarks": KCCA().landmarks,
                "seconds": seconds,
                "median_seconds": float(np.median(seconds)),
                "seconds_of_transform": clock(partial(space.transform, views))[0],
            }
        )
    return results


def compare(name: str, train: Views, test: Views, labels: Any, params: dict[str, Any]) -> dict[str, Any]:
    """mAP@all of the exact method and how far approximations are from it, over seeds."""
    exact = KCCA(**params, approximation="exact").fit(train).score(test, labels)
    differences = {
        f"{approximation}, {landmarks} landmarks": [
            KCCA(**params, approximation=approximation, landmarks=landmarks, random_state=seed)
            .fit(train)
            .score(test, labels)
            - exact
            for seed in range(5)
        ]
        for approximation in ("nystroem", "fourier")
        for landmarks in (250, 500, 1000)
    }
    return {
        "data": name,
        "items": len(next(iter(train.values()))),
        "params": params,
        "exact_map": exact,
        "difference_of_map_per_seed": differences,
        "largest_difference": {k: float(np.abs(v).max()) for k, v in differences.items()},
    }


def clock(run: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds of a call, and what it gave."""
    started = time.perf_counter()
    value = run()
    return time.perf_counter() - started, value


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--root", type=Path, metavar="FOLDER", help="where the Wikipedia files lie")
    parser.add_argument("--no-peer", action="store_true", help="do not compare with cca-zoo")
    parser.add_argument("--rows", type=int, default=2000, metavar="N", help="rows of the exact fits")
    parser.add_argument("--many-rows", type=int, default=100_000, metavar="N", help="rows of the approximate fits")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="rounds of the exact fits")
    arguments = parser.parse_args()
    peer = not arguments.no_peer
    if peer:
        require_cca_zoo()
    comparisons = []
    if arguments.root:
        data = cs.load_dataset("wikipedia", root=arguments.root, protocol="2173/693")
        train, test = data.split("train"), data.split("test")
        comparisons.append(compare("wikipedia 2173/693", train.views, test.views, test.labels, {}))
    held, labels = planted(1000, seed=1)
    comparisons.append(compare("planted", planted(3000, seed=0)[0], held, labels, {}))
    result: dict[str, Any] = {
        "exact": time_exact(arguments.rows, arguments.rounds, peer),
        "approximate": time_approximate(arguments.many_rows, 3),
        "approximation_error": comparisons,
    }
    packages = ("commonspace", "numpy", "scipy", "scikit-learn", *(["cca-zoo"] if peer else []))
    write_result(arguments.out, result, packages)
    print(result["exact"]["shape"], {k: round(v, 3) for k, v in result["exact"]["median_seconds"].items()})
    for name, ratio in result["exact"]["ratios"].items():
        print(f"  {name}: {ratio['median']:.2f} ({ratio['lower_quartile']:.2f}-{ratio['upper_quartile']:.2f})")
    for entry in result["approximate"]:
        print(entry["shape"], entry["approximation"], f"{entry['median_seconds']:.1f} s, embedding", end=" ")
        print(f"{entry['seconds_of_transform']:.1f} s")
    for entry in comparisons:
        print(entry["data"], f"exact {entry['exact_map']:.4f}", entry["largest_difference"])


if __name__ == "__main__":
    main()
