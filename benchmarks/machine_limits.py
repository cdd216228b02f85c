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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measured import seconds, write_result
from threadpoolctl import threadpool_limits

from commonspace.threads import cpu_threads

BYTES, SECONDS, ROUNDS = 256_000_000, 0.1, 3
SHAPES = {
    "cca": (1280, 4096, 384),
    "metrics": (2000, 64, 2000),
    "deep": (512, 1280, 512),
    "triplets": (1024, 128, 1024),
    "square": (1024, 1024, 1024),
}
"""Whose work -> n, d, m."""


def at_once(works: Sequence[Callable[[], object]]) -> Callable[[], object]:
    """Each by a thread of its own."""
    pool = ThreadPoolExecutor(len(works))
    return lambda: list(pool.map(lambda work: work(), works))


@dataclass(frozen=True)
class Probe:
    """Measures.

    Attributes:
        size: Of arrays and of the file, in bytes.
        spent: Seconds for which each is repeated.
        rounds: How often it is repeated at least.
    """

    size: int
    spent: float
    rounds: int

    def best(self, run: Callable[[], object], amount: float) -> float:
        """The largest amount a second."""
        run()
        found: list[float] = []
        while len(found) < self.rounds or sum(found) < self.spent:
            found.append(seconds(run))
        return amount / min(found)

    def memory(self, threads: int) -> dict[str, float]:
        """Bytes a second that are read, and that are read and written."""
        sources = [np.ones(self.size // 4 // threads, np.float32) for _ in range(threads)]
        targets = [np.zeros_like(source) for source in sources]
        with threadpool_limits(1):
            reading = at_once([partial(np.dot, source, source) for source in sources])
            copying = at_once([partial(np.copyto, b, a) for a, b in zip(sources, targets, strict=True)])
            return {"memory read": self.best(reading, self.size), "memory copied": self.best(copying, 2 * self.size)}

    def cached_file(self, threads: int, folder: Path | None) -> float:
        """Bytes a second of a file that the system holds in memory."""
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(self.size))
            file.flush()
            part = self.size // threads
            buffers = [bytearray(part) for _ in range(threads)]
            reading = at_once([partial(os.preadv, file.fileno(), [b], i * part) for i, b in enumerate(buffers)])
            return self.best(reading, self.size)

    def products(self, shape: tuple[int, int, int], threads: int) -> float:
        """Operations a second of (n, d) by (d, m)."""
        n, d, m = shape
        rng = np.random.default_rng(0)
        A, B = rng.standard_normal((n, d), np.float32), rng.standard_normal((d, m), np.float32)
        out = np.empty((n, m), np.float32)
        a, b, c = map(torch.from_numpy, (A, B, out))
        torch.set_num_threads(threads)
        with threadpool_limits(threads):
            by_numpy = self.best(partial(np.matmul, A, B, out=out), 2 * n * d * m)
            time.sleep(0.1)  # until the threads of one no longer spin
            return max(by_numpy, self.best(partial(torch.mm, a, b, out=c), 2 * n * d * m))

    def all(self, folder: Path | None) -> dict[str, Any]:
        """Threads -> what -> amount a second."""
        return {
            str(threads): {
                **self.memory(threads),
                "cached file read": self.cached_file(threads, folder),
                "products": {name: self.products(shape, threads) for name, shape in SHAPES.items()},
            }
            for threads in sorted({1, cpu_threads()})
        }


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--bytes", type=int, default=BYTES, help="of arrays and of the file")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each is repeated")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often it is repeated at least")
    parser.add_argument("--folder", type=Path, help="where the file is put; default: the system's place")
    arguments = parser.parse_args()
    probe = Probe(arguments.bytes, arguments.seconds, arguments.rounds)
    told = {"bytes": probe.size, "shapes": SHAPES, "a second": probe.all(arguments.folder)}
    write_result(arguments.out, told, ("numpy", "torch"))
    print(json.dumps(told["a second"], indent=1))


if __name__ == "__main__":
    main()
