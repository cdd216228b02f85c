r"""Fit CCA on a file larger than the memory it may take, against reading the file and forming the products.

Each contender is a process of its own that reads the same file by the same batches: one calls CCA.partial_fit and asks
for the correlations, the other forms X'X, Z'Z and X'Z by NumPy on the raw float32 batches, the least that any fit must
do. They take turns; quoted are medians over rounds of seconds (imports left out) and of the ratio within a round, and
the largest resident memory of the process, imports included. The file is written anew and removed afterwards; it takes
3.6 KB a row. One round comes before those that count and brings the file into memory; --cold leaves it out, as it does
nothing for a file that is larger.

    python benchmarks/cca_streaming.py --out benchmarks/results/cca_streaming.json
    python benchmarks/cca_streaming.py --format lance --rows 5000000 --rounds 3 --cold \
        --out benchmarks/results/cca_streaming_lance.json
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measured import write_result

from commonspace import CCA
from commonspace.data import read_batches

DIMS = {"image": 512, "text": 384}
SHARED, K, ROWS = 32, 16, 8192
WRITTEN = 10_000


def planted(n: int, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Two views of a shared latent, some thousand rows at a time."""
    rng = np.random.default_rng(0)
    maps = {m: rng.standard_normal((SHARED, d)).astype(np.float32) for m, d in DIMS.items()}
    for start in range(0, n, WRITTEN):
        rows = min(WRITTEN, n - start)
        latent = rng.standard_normal((rows, SHARED), np.float32)
        views = [latent @ maps[m] + 3 * rng.standard_normal((rows, d), np.float32) for m, d in DIMS.items()]
        lists = [pa.FixedSizeListArray.from_arrays(view.ravel(), view.shape[1]) for view in views]
        yield pa.record_batch(lists, schema=schema)


def write_planted(path: Path, n: int) -> None:
    """A file of `planted` as float32 lists of fixed length, uncompressed."""
    schema = pa.schema({m: pa.list_(pa.float32(), d) for m, d in DIMS.items()})
    if path.suffix == ".lance":
        lance.write_dataset(pa.RecordBatchReader.from_batches(schema, planted(n, schema)), str(path))
        return
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for batch in planted(n, schema):
            writer.write_batch(batch)


def fit(path: Path) -> list[float]:
    """The correlations, by partial_fit."""
    space = CCA(K)
    for views in read_batches(path, rows=ROWS):
        space.partial_fit(views)
    return list(map(float, space.correlations_))


def products(path: Path) -> list[float]:
    """The sums of the three products; their traces are returned."""
    sums: list[Any] = [0.0, 0.0, 0.0]
    for views in read_batches(path, rows=ROWS):
        X, Z = views["image"], views["text"]
        for i, product in enumerate((X.T @ X, Z.T @ Z, X.T @ Z)):
            sums[i] = sums[i] + product
    return [float(np.trace(s)) for s in sums]


def reading(path: Path) -> list[float]:
    """The file alone."""
    return [float(sum(len(views["image"]) for views in read_batches(path, rows=ROWS)))]


CONTENDERS = {"commonspace": fit, "reading and products": products, "reading": reading}


def run_one(name: str, path: Path) -> None:
    """Within the process of a contender: prints seconds, peak memory and what was computed."""
    started, worked = time.perf_counter(), time.process_time()
    computed = CONTENDERS[name](path)
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # kilobytes on Linux
    print(json.dumps({"seconds": seconds, "processor_seconds": processor, "peak_bytes": peak, "computed": computed}))


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="rows of the file")
    parser.add_argument("--format", choices=["parquet", "lance"], default="parquet", help="of the file")
    parser.add_argument("--cold", action="store_true", help="let the first round count")
    parser.add_argument("--rounds", type=int, default=5, metavar="R", help="how often each runs")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(arguments.one[0], Path(arguments.one[1]))
        return
    if arguments.out is None:
        parser.error("--out is needed")
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"features.{arguments.format}"
        write_planted(path, arguments.rows)
        size = sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
        load = [os.getloadavg()[0]]
        for round_ in range(arguments.cold, arguments.rounds + 1):
            for name in CONTENDERS:
                command = [sys.executable, __file__, "--one", name, str(path)]
                told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                if round_:  # the first brings the file into memory
                    runs[name].append(told)
            load.append(os.getloadavg()[0])
    pairs = zip(runs["commonspace"], runs["reading and products"], strict=True)
    ratios = [ours["seconds"] / theirs["seconds"] for ours, theirs in pairs]
    result = {
        "format": arguments.format,
        "shape": [arguments.rows, *DIMS.values()],
        "file_bytes": size,
        "rounds": arguments.rounds,
        "load": load,
        "seconds": {name: [run["seconds"] for run in told] for name, told in runs.items()},
        "processor_seconds": {name: [run["processor_seconds"] for run in told] for name, told in runs.items()},
        "median_seconds": {name: float(np.median([run["seconds"] for run in told])) for name, told in runs.items()},
        "peak_bytes": {name: max(run["peak_bytes"] for run in told) for name, told in runs.items()},
        "ratio": {"median": float(np.median(ratios)), "least": min(ratios), "largest": max(ratios)},
        "correlations": runs["commonspace"][0]["computed"],
    }
    write_result(arguments.out, result, ("commonspace", "numpy", "scipy", "pyarrow", "pylance"))
    print({name: round(seconds, 2) for name, seconds in result["median_seconds"].items()}, result["ratio"])
    print({name: f"{peak / 2**30:.2f} GiB" for name, peak in result["peak_bytes"].items()})


if __name__ == "__main__":
    main()
