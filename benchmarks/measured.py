"""What scripts that measure share: the clock, the spread, the count of operations, and how a result is written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from commonspace.evaluation import environment
from commonspace.files import replacing

DEFAULT_PACKAGES = ("commonspace", "numpy", "scipy", "scikit-learn", "torch")


def seconds(run: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def spread(values: ArrayLike) -> dict[str, float]:
    """Median and quartiles."""
    low, median, high = np.quantile(np.asarray(values, np.float64), [0.25, 0.5, 0.75])
    return {"median": float(median), "lower_quartile": float(low), "upper_quartile": float(high)}


def operations(run: Callable[[], object]) -> int:
    """How many operations the matrix products and convolutions of a call by PyTorch are, gradients included.

    A product of (n, d) and (d, m) counts 2 n d m. What PyTorch knows no formula for is not counted, so that it is the
    least number.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        run()
    return int(counter.get_total_flops())


def write_result(path: Path, result: Mapping[str, Any], packages: Sequence[str] = DEFAULT_PACKAGES) -> None:
    """Writes a result with the date, the machine and the versions it depends on, whole or not at all."""
    with replacing(path) as temporary:
        told = {**result, "environment": environment(tuple(packages))}
        temporary.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
