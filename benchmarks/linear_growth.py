"""How the time to fit each classical space grows with the number of items and with the number of columns.

One kind of number grows by doubling while the other stays. Every size is fitted in several rounds and the median is
kept; a space is taken no further when the next size, by the growth so far, would take longer than the cap. The exponent
is the slope of the last three sizes on logarithmic scales: 1 where the time is in proportion, 2 where it is quadratic.
Small sizes say little of it, since they are all overhead. Measured is the processor's time, which other work on the
machine hardly changes; with one thread it is what a clock shows on an idle machine.

    export OMP_NUM_THREADS=1
    python benchmarks/linear_growth.py --out benchmarks/results/linear_growth.json
    python benchmarks/linear_growth.py --spaces "KCCA, exact" --cap 30 --out benchmarks/results/linear_growth.json

The second line measures the slowest anew, so that it gets to a third size.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from growth_lines import growth_line
from measured import write_result
from numpy.typing import NDArray

import commonspace as cs
from commonspace.spaces import Space

K, CLASSES = 16, 10
ROWS = [500 * 2**i for i in range(1, 9)]
COLUMNS = [16 * 2**i for i in range(7)]
FIXED_ROWS, FIXED_COLUMNS = 2000, 128

SPACES: dict[str, Callable[[], Space]] = {
    "CCA": lambda: cs.CCA(K),
    "MCCA": lambda: cs.MCCA(K),
    "GCCA": lambda: cs.GCCA(K),
    "PLS": lambda: cs.PLS(K),
    "CFA": lambda: cs.CFA(K),
    "KCCA, exact": lambda: cs.KCCA(K, approximation="exact"),
    "KCCA, Nystroem": lambda: cs.KCCA(K, approximation="nystroem", random_state=0),
    "LGCFL": lambda: cs.LGCFL(),
    "JRL": lambda: cs.JRL(),
    "JRL, sigma=0": lambda: cs.JRL(sigma=0),
    "SemanticMatching": lambda: cs.SemanticMatching(),
    "SCM": lambda: cs.SCM(n_correlations=K),
}
"""What is drawn -> the space, of K directions where it has any."""


def planted(n: int, d: int) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.int64]]:
    """Two views of n items in d columns each that share K directions, and the classes these tell."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, n)
    latent = rng.standard_normal((CLASSES, K))[labels] + rng.standard_normal((n, K))
    views = {
        modality: (latent @ rng.standard_normal((K, d)) + 4 * rng.standard_normal((n, d))).astype(np.float32)
        for modality in ("image", "text")
    }
    return views, labels


def line(name: str, grows: str, sizes: list[int], rounds: int, cap: float) -> dict[str, Any]:
    """Processor seconds of one space over the sizes it gets to, and the exponent."""

    def prepare(size: int) -> Callable[[], object]:
        n, d = (size, FIXED_COLUMNS) if grows == "rows" else (FIXED_ROWS, size)
        views, labels = planted(n, d)
        return lambda: SPACES[name]().fit(views, labels)

    return {"grows": grows, "space": name, **growth_line(f"{grows:8} {name:17}", prepare, sizes, rounds, cap)}


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="rounds of every size")
    parser.add_argument("--cap", type=float, default=6.0, metavar="SECONDS", help="no fit that would take longer")
    parser.add_argument("--spaces", nargs="+", choices=tuple(SPACES), metavar="NAME", help="keep other lines of FILE")
    arguments = parser.parse_args()
    kept = json.loads(arguments.out.read_text())["lines"] if arguments.spaces and arguments.out.is_file() else []
    known = {(old["grows"], old["space"]): old for old in kept}
    lines = [
        line(name, grows, sizes, arguments.rounds, arguments.cap)
        if name in (arguments.spaces or SPACES)
        else known[grows, name]
        for grows, sizes in (("rows", ROWS), ("columns", COLUMNS))
        for name in SPACES
        if name in (arguments.spaces or SPACES) or (grows, name) in known
    ]
    result = {
        "fixed": {"columns of each view": FIXED_COLUMNS, "rows": FIXED_ROWS, "components": K, "classes": CLASSES},
        "rounds": arguments.rounds,
        "lines": lines,
    }
    write_result(arguments.out, result, ("commonspace", "numpy", "scipy", "scikit-learn"))


if __name__ == "__main__":
    main()
