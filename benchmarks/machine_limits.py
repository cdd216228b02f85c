"""What this machine can do at most: bytes of memory and of a cached file, and operations of matrix products, a second.

Memory: arrays of 256 MB, which no cache holds, in float32; reading is their dot product with themselves, copying counts
the bytes read and those written. A file of 256 MB is written, then read into a buffer that is there already. Products
are float32, of the shapes that the benchmarks work on, by NumPy and by PyTorch, whichever is faster; one of (n, d) and
(d, m) counts 2 n d m operations. Each is done again and again for a while, and the best is kept: a limit is what was
seen to be possible. All of it by one thread and by as many as there are processors.

    python benchmarks/machine_limits.py --out FILE
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measured import seconds, write_result
from threadpoolctl import threadpool_limits

from commonspace.threads import cpu_threads

BYTES = 256_000_000
SHAPES = {
    "cca": (1280, 4096, 384),
    "metrics": (2000, 64, 2000),
    "deep": (512, 1280, 512),
    "triplets": (1024, 128, 1024),
    "large": (2048, 2048, 2048),
}
"""Whose work -> n, d, m."""
LEAST_ROUNDS = 3


def best(run: Callable[[], object], amount: float, spent: float) -> float:
    """The largest amount a second, over calls that take some seconds together."""
    run()
    found: list[float] = []
    while len(found) < LEAST_ROUNDS or sum(found) < spent:
        found.append(seconds(run))
    return amount / min(found)


def at_once(works: Sequence[Callable[[], object]]) -> Callable[[], object]:
    """Each by a thread of its own."""
    pool = ThreadPoolExecutor(len(works))
    return lambda: list(pool.map(lambda work: work(), works))


def memory(threads: int, spent: float) -> dict[str, float]:
    """Bytes a second that are read, and that are read and written."""
    sources = [np.ones(BYTES // 4 // threads, np.float32) for _ in range(threads)]
    targets = [np.zeros_like(source) for source in sources]
    with threadpool_limits(1):
        reading = at_once([partial(np.dot, source, source) for source in sources])
        copying = at_once([partial(np.copyto, b, a) for a, b in zip(sources, targets, strict=True)])
        return {"memory read": best(reading, BYTES, spent), "memory copied": best(copying, 2 * BYTES, spent)}


def cached_file(threads: int, spent: float, folder: Path | None) -> float:
    """Bytes a second of a file that the system holds in memory."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(BYTES))
        file.flush()
        part = BYTES // threads
        buffers = [bytearray(part) for _ in range(threads)]
        reading = at_once([partial(os.preadv, file.fileno(), [b], i * part) for i, b in enumerate(buffers)])
        return best(reading, BYTES, spent)


def products(shape: tuple[int, int, int], threads: int, spent: float) -> float:
    """Operations a second of (n, d) by (d, m)."""
    n, d, m = shape
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((n, d), np.float32), rng.standard_normal((d, m), np.float32)
    out = np.empty((n, m), np.float32)
    a, b, c = map(torch.from_numpy, (A, B, out))
    torch.set_num_threads(threads)
    with threadpool_limits(threads):
        by_numpy = best(partial(np.matmul, A, B, out=out), 2 * n * d * m, spent)
        time.sleep(0.2)  # until the threads of one no longer spin
        return max(by_numpy, best(partial(torch.mm, a, b, out=c), 2 * n * d * m, spent))


def measure(spent: float, folder: Path | None = None) -> dict[str, Any]:
    """Threads -> what -> amount a second."""
    return {
        str(threads): {
            **memory(threads, spent),
            "cached file read": cached_file(threads, spent, folder),
            "products": {name: products(shape, threads, spent) for name, shape in SHAPES.items()},
        }
        for threads in sorted({1, cpu_threads()})
    }


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--seconds", type=float, default=0.3, help="how long each is repeated")
    parser.add_argument("--folder", type=Path, help="where the file is put; default: the system's place")
    arguments = parser.parse_args()
    told = {"bytes": BYTES, "shapes": SHAPES, "a second": measure(arguments.seconds, arguments.folder)}
    write_result(arguments.out, told, ("numpy", "torch"))
    print(json.dumps(told["a second"], indent=1))


if __name__ == "__main__":
    main()
