"""How the processor's time of one piece of work grows with a size that doubles."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

LAST = 3
"""So many sizes at the end of a line give its exponent."""


def growth_line(
    what: str, prepare: Callable[[int], Callable[[], object]], sizes: list[int], rounds: int, cap: float
) -> dict[str, Any]:
    """Processor seconds over the sizes it gets to, and the exponent: the slope of the last on logarithmic scales.

    Args:
        what: Said when the line ends.
        prepare: A size -> the work to be timed, all that comes before done.
        sizes: From small to large. The line ends before one that, by the growth so far, would take more than the cap.
        rounds: How often each size is worked.
        cap: Seconds.
    """
    reached: list[int] = []
    seconds: list[list[float]] = []
    for size in sizes:
        medians = [float(np.median(values)) for values in seconds]
        if len(medians) > 1 and medians[-1] * max(medians[-1] / medians[-2], 1) > cap:
            break
        work = prepare(size)
        if not seconds:
            work()  # the warm-up
        reached.append(size)
        seconds.append([])
        for _ in range(rounds):
            started = time.process_time()
            work()
            seconds[-1].append(time.process_time() - started)
    medians = [float(np.median(values)) for values in seconds]
    exponent = float(np.polyfit(np.log(reached[-LAST:]), np.log(medians[-LAST:]), 1)[0])
    print(f"{what} {medians[-1]:6.2f} s at {reached[-1]:6}, exponent {exponent:.2f}", flush=True)
    return {
        "sizes": reached,
        "seconds": seconds,
        "median_seconds": medians,
        "exponent": exponent,
        "cap_seconds": cap,
    }
