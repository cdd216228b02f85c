"""Time CCA.fit against the bare products it cannot do without, cca-zoo and scikit-learn, and show how exact it is.

The clock: in each round every contender runs once, in turn, so that a slow minute hits all alike, and after a pause:
NumPy and SciPy bring a BLAS each, whose threads spin on for a while when the work is done (--pause 0 shows what that
costs). Quoted are medians over rounds of the ratio within a round. The products are X'X, Z'Z and X'Z by NumPy on the
raw float32 arrays.

Exactness: canonical correlations on float32 input whose column means are 1,000 standard deviations, against float64
computations with centring on the same numbers: QR of both views (Bjorck and Golub 1973) where there is no ridge, else
float64 covariances. Beside it, what covariances from uncentred float32 products give.

    python benchmarks/cca_fit.py --out benchmarks/results/cca_fit.json

cca-zoo is no dependency of commonspace: `pip install cca-zoo==4.0.1`, or leave it out with --no-peer.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from measured import spread, write_result
from numpy.typing import NDArray
from peers import require_cca_zoo
from scipy import linalg
from sklearn.cross_decomposition import CCA as SklearnCCA  # noqa: N811

from commonspace import CCA
from commonspace.spaces.linear.moments import centred_moments

P, Q, K = 1280, 384, 16
MEAN = 1000  # in standard deviations
CONDITIONS = (1, 100, 10_000)  # of the covariances of each view
Matrix = NDArray[Any]


def planted(n: int, condition: float, mean: float, dims: tuple[int, int] = (P, Q)) -> tuple[Matrix, Matrix]:
    """Views of K shared directions in float32; deviations fall off to the given condition of the covariances."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((n, K), np.float32)
    views = []
    for d in dims:
        view = rng.standard_normal((n, d), np.float32)
        view[:, :K] += latent * np.linspace(3, 0.3, K, dtype=np.float32)
        rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
        view = view @ (np.geomspace(1, condition**-0.5, d)[:, None] * rotation).astype(np.float32)
        if mean:
            view += (mean * view.std(0) * rng.choice([-1, 1], d)).astype(np.float32)
        views.append(view)
    return views[0], views[1]


def time_fits(n: int, rounds: int, pause: float, peer: bool) -> dict[str, Any]:
    """Seconds of every contender per round, and medians and quartiles of what is compared."""
    X, Z = planted(n, condition=1, mean=0)
    views = {"image": X, "text": Z}
    contenders: dict[str, Callable[[], Any]] = {
        "products": lambda: (X.T @ X, Z.T @ Z, X.T @ Z),
        "commonspace": lambda: CCA(K).fit(views),
        "commonspace, ridge=0": lambda: CCA(K, ridge=0).fit(views),
    }
    compared = [("commonspace", "products"), ("commonspace, ridge=0", "products")]
    if peer:
        PeerCCA = importlib.import_module("cca_zoo.linear").CCA
        contenders["cca-zoo"] = lambda: PeerCCA(n_components=K).fit([X, Z])
        compared += [("cca-zoo", "commonspace"), ("cca-zoo", "commonspace, ridge=0"), ("cca-zoo", "products")]
        check_peer(contenders["cca-zoo"](), contenders["commonspace, ridge=0"](), X, Z)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():  # the warm-up
        run()
    for _ in range(rounds):
        for name, run in contenders.items():
            time.sleep(pause)
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return {
        "shape": [n, P, Q],
        "n_components": K,
        "rounds": rounds,
        "pause_seconds": pause,
        "seconds": seconds,
        "median_seconds": {name: float(np.median(values)) for name, values in seconds.items()},
        "ratios": {f"{a} / {b}": spread(np.divide(seconds[a], seconds[b])) for a, b in compared},
    }


def check_peer(peer: Any, space: CCA, X: Matrix, Z: Matrix) -> None:
    """Stops the run if the two libraries do not find the same correlations."""
    scores = [(V - V.mean(0, dtype=np.float64)) @ W for V, W in zip((X, Z), peer.weights_, strict=True)]
    theirs = [np.corrcoef(a, b)[0, 1] for a, b in zip(scores[0].T, scores[1].T, strict=True)]
    if not np.allclose(theirs, space.correlations_, atol=1e-3):
        sys.exit(f"results differ: cca-zoo {theirs}, commonspace {space.correlations_}")


def measure_exactness(n: int) -> list[dict[str, Any]]:
    """The largest error among the K leading correlations, for each condition of the covariances and both ridges."""
    results = []
    for condition in CONDITIONS:
        X, Z = planted(n, condition, MEAN)
        exact = float64_covariances(X, Z)
        raw, ours = uncentred_covariances(X, Z), commonspace_covariances(X, Z)
        for ridge in (0.0, 1.0):
            expected = correlations(exact, ridge) if ridge else principal_angles(X, Z)
            if expected is None:
                sys.exit(f"no reference: a float64 covariance of condition {condition} is not positive definite")
            found, found_in_double = (
                CCA(K, ridge=ridge).fit({"image": X.astype(dtype), "text": Z.astype(dtype)}).correlations_
                for dtype in (np.float32, np.float64)
            )
            naive = correlations(raw, ridge)
            results.append(
                {
                    "shape": [n, P, Q],
                    "mean_in_deviations": MEAN,
                    "condition_of_covariances": condition,
                    "ridge": ridge,
                    "largest_correlation": float(expected[0]),
                    "smallest_correlation": float(expected[K - 1]),
                    "commonspace_error": float(np.abs(found - expected[:K]).max()),
                    "commonspace_error_on_float64_views": float(np.abs(found_in_double - expected[:K]).max()),
                    "commonspace_covariance_error": covariance_error(ours, exact),
                    "uncentred_float32_covariance_error": covariance_error(raw, exact),
                    # None: a covariance is not positive definite, so there is no result.
                    "uncentred_float32_error": None if naive is None else float(np.abs(naive - expected)[:K].max()),
                }
            )
    return results


def principal_angles(X: Matrix, Z: Matrix) -> Matrix:
    """Canonical correlations from QR decompositions of the centred views, all in float64."""
    Qx, Qz = (np.linalg.qr(V.astype(np.float64) - V.mean(0, dtype=np.float64))[0] for V in (X, Z))
    return np.asarray(linalg.svdvals(Qx.T @ Qz))


class Covariances(NamedTuple):
    """Those of both views and between them."""

    sxx: Matrix
    szz: Matrix
    sxz: Matrix


def commonspace_covariances(X: Matrix, Z: Matrix) -> Covariances:
    """Covariances as CCA.fit computes them."""
    moments = centred_moments({"x": X, "z": Z})
    return Covariances(moments.covariance("x", "x"), moments.covariance("z", "z"), moments.covariance("x", "z"))


def float64_covariances(X: Matrix, Z: Matrix) -> Covariances:
    """Covariances as NumPy computes them in float64: centred on the means, then one product."""
    p, S = X.shape[1], np.cov(np.hstack([X, Z]), rowvar=False, dtype=np.float64)
    return Covariances(S[:p, :p], S[p:, p:], S[:p, p:])


def uncentred_covariances(X: Matrix, Z: Matrix) -> Covariances:
    """Covariances as products of raw float32 columns, minus products of means."""
    n, mean_x, mean_z = len(X), X.mean(0, dtype=np.float64), Z.mean(0, dtype=np.float64)

    def covariance(A: Matrix, mean_a: Matrix, B: Matrix, mean_b: Matrix) -> Matrix:
        return np.asarray(((A.T @ B).astype(np.float64) - n * np.outer(mean_a, mean_b)) / (n - 1))

    sxx, szz = covariance(X, mean_x, X, mean_x), covariance(Z, mean_z, Z, mean_z)
    return Covariances(sxx, szz, covariance(X, mean_x, Z, mean_z))


def covariance_error(found: Covariances, exact: Covariances) -> float:
    """The largest error among the entries of X's covariance, relative to the mean variance."""
    return float(np.abs(found.sxx - exact.sxx).max() / np.diag(exact.sxx).mean())


def correlations(covariances: Covariances, ridge: float) -> Matrix | None:
    """Singular values of the whitened cross-covariance, by the shortest way; None where nothing can be whitened."""
    try:
        Lx, Lz = (
            np.linalg.cholesky(S + ridge * np.trace(S) / len(S) * np.eye(len(S)))
            for S in (covariances.sxx, covariances.szz)
        )
    except np.linalg.LinAlgError:
        return None
    half = linalg.solve_triangular(Lx, covariances.sxz, lower=True)
    return np.asarray(linalg.svdvals(linalg.solve_triangular(Lz, half.T, lower=True)))


def time_scikit_learn(rounds: int) -> dict[str, Any]:
    """Seconds of ours and of scikit-learn's CCA, whose iterations take so long that the views are smaller."""
    dims = (256, 128)
    X, Z = planted(10_000, condition=1, mean=0, dims=dims)
    CCA(K).fit({"image": X, "text": Z})  # the warm-up
    seconds: dict[str, list[float]] = {"commonspace, ridge=0": [], "scikit-learn": []}
    for _ in range(rounds):
        started = time.perf_counter()
        ours = CCA(K, ridge=0).fit({"image": X, "text": Z})
        seconds["commonspace, ridge=0"].append(time.perf_counter() - started)
        started = time.perf_counter()
        scores = SklearnCCA(K, max_iter=10_000).fit_transform(X, Z)
        seconds["scikit-learn"].append(time.perf_counter() - started)
    theirs = [np.corrcoef(x, z)[0, 1] for x, z in zip(scores[0].T, scores[1].T, strict=True)]
    ratios = [b / a for a, b in zip(*seconds.values(), strict=True)]
    return {
        "shape": [10_000, *dims],
        "n_components": K,
        "rounds": rounds,
        "seconds": seconds,
        "ratio": {"median": float(np.median(ratios)), "least": min(ratios), "largest": max(ratios)},
        "largest_difference_of_correlations": float(np.abs(np.sort(theirs)[::-1] - ours.correlations_).max()),
    }


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--no-peer", action="store_true", help="do not compare with cca-zoo")
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 100_000], metavar="N", help="numbers of rows")
    parser.add_argument("--rounds", type=int, nargs="+", default=[15, 9], metavar="R", help="rounds for each size")
    parser.add_argument("--scikit-learn-rounds", type=int, default=3, metavar="R", help="half a minute each; 0: none")
    parser.add_argument("--no-exactness", action="store_true", help="the clock alone")
    parser.add_argument("--pause", type=float, default=0.3, metavar="SECONDS", help="wait before each run")
    arguments = parser.parse_args()
    peer = not arguments.no_peer
    if peer:
        require_cca_zoo()
    result: dict[str, Any] = {
        "timing": [
            time_fits(n, rounds, arguments.pause, peer)
            for n, rounds in zip(arguments.sizes, arguments.rounds, strict=True)
        ],
        "scikit_learn": time_scikit_learn(arguments.scikit_learn_rounds) if arguments.scikit_learn_rounds else None,
        "exactness": [] if arguments.no_exactness else measure_exactness(20_000),
    }
    packages = ("commonspace", "numpy", "scipy", "scikit-learn", *(["cca-zoo"] if peer else []))
    write_result(arguments.out, result, packages)
    for timing in result["timing"]:
        print(timing["shape"], "median seconds", {k: round(v, 3) for k, v in timing["median_seconds"].items()})
        for name, ratio in timing["ratios"].items():
            print(f"  {name}: {ratio['median']:.2f} ({ratio['lower_quartile']:.2f}-{ratio['upper_quartile']:.2f})")
    if result["scikit_learn"]:
        print("scikit-learn / commonspace, ridge=0:", result["scikit_learn"]["ratio"])
    for entry in result["exactness"]:
        print({k: v for k, v in entry.items() if k != "shape"})


if __name__ == "__main__":
    main()
