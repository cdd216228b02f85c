"""A server under load: 100,000 items of 256 numbers, 32 clients in another process, every query in other words.

The collection is generated: unit vectors around 1,000 centres, indexed; the space and the text encoder are those of the
emoji demo with 256 dimensions, so that each query is encoded and embedded. Each client thinks for a second between an
answer and its next question, which makes about 30 requests a second. After that the same clients ask without a pause,
and last the limits are exceeded: too fast, too large, too many at once. The server is `commonspace serve`, a process of
its own; its memory is read from the system before, after and at the end.

    python benchmarks/server_load.py --out benchmarks/results/server_load.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from measured import write_result

import commonspace as cs

ITEMS, DIM, CENTRES = 100_000, 256, 1_000
CLIENTS, THINKING = 32, 1.0
COLOURS = ("red", "green", "blue", "yellow", "purple", "black", "white", "golden", "grey", "brown")
THINGS = (
    "cat",
    "dog",
    "horse",
    "house",
    "car",
    "ship",
    "tree",
    "flower",
    "river",
    "mountain",
    "child",
    "woman",
    "bird",
)
DOING = (
    "asleep",
    "running",
    "in the rain",
    "at night",
    "by the sea",
    "from above",
    "with a hat",
    "in winter",
    "far away",
)


def make_store(folder: Path) -> None:
    """The collection that is served."""
    data = cs.load_dataset("emoji")
    space = cs.CCA(n_components=DIM).fit(data.split("train").views)
    collection = cs.Collection.create(folder, space, encoders=data.encoders)
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CENTRES, DIM))
    for start in range(0, ITEMS, 20_000):
        rows = centres[rng.integers(0, CENTRES, 20_000)] + 0.5 * rng.standard_normal((20_000, DIM))
        ids = [f"item-{start + i}" for i in range(20_000)]
        metadata = {
            "label": [f"kind {i}" for i in rng.integers(0, 20, 20_000)],
            "time": rng.integers(1900, 2026, 20_000),
        }
        collection.add_vectors(ids, rows, modality="image", metadata=metadata)
    collection.build_index()


def question(client: int, number: int) -> str:
    """Words that no other request has."""
    rng = np.random.default_rng((client, number))
    colour, thing, doing = (str(rng.choice(words)) for words in (COLOURS, THINGS, DOING))
    return f"a {colour} {thing} {doing}, number {number} of {client}"


async def ask(session: httpx.AsyncClient, client: int, number: int) -> tuple[float, int]:
    """Seconds and status of one request."""
    body = {"query": {"text": question(client, number)}, "to": "image", "k": 20}
    started = time.perf_counter()
    status = (await session.post("/api/v1/search", json=body)).status_code
    return time.perf_counter() - started, status


async def run_clients(address: str, seconds: float, thinking: float) -> list[tuple[float, int]]:
    """All clients for some time; what each request took and came to."""
    found: list[tuple[float, int]] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        async with httpx.AsyncClient(base_url=address, timeout=30) as session:
            await asyncio.sleep(thinking * number / CLIENTS)
            asked = 0
            while time.perf_counter() < end:
                found.append(await ask(session, number, asked))
                asked += 1
                await asyncio.sleep(thinking)

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return found


async def exceed(address: str) -> dict[str, Any]:
    """What the limits answer: statuses of 400 requests of one client at once, and of a body that is too large."""
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(max_connections=150)) as session:
        started = time.perf_counter()
        at_once = await asyncio.gather(*(ask(session, 99, i) for i in range(400)))
        seconds = time.perf_counter() - started
        large = await session.post("/api/v1/search", content=b" " * 11_000_000)
        return {
            "400 at once": dict(Counter(str(status) for _, status in at_once)),
            "seconds": seconds,
            "11 MB": large.status_code,
        }


def megabytes(process: int) -> float:
    """The resident memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def told(found: list[tuple[float, int]], seconds: float) -> dict[str, Any]:
    """Percentiles in milliseconds, and what went wrong."""
    times = np.array([s for s, status in found if status == 200]) * 1000
    if not len(times):
        statuses = dict(Counter(str(status) for _, status in found))
        sys.exit(f"no request was answered in {seconds:.0f} s, got statuses {statuses}; give it longer by --seconds")
    return {
        "requests": len(found),
        "a second": len(found) / seconds,
        "not 200": dict(Counter(str(status) for _, status in found if status != 200)),
        **{f"p{p}": float(np.percentile(times, p)) for p in (50, 95, 99)},
    }


def main() -> None:
    """Makes the collection, serves it, measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the clients ask who think in between")
    parser.add_argument("--closed-seconds", type=float, default=15.0, help="how long those ask who do not")
    arguments = parser.parse_args()
    first, then = arguments.seconds, arguments.closed_seconds
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        make_store(store)
        program = [sys.executable, "-c", "from commonspace.cli.app import main; main()"]
        started = time.perf_counter()
        server = subprocess.Popen(
            [*program, "serve", str(store), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert server.stdout is not None
        line = server.stdout.readline()
        ready = time.perf_counter() - started
        match = re.search(r"http://\S+", line)
        if match is None:
            raise SystemExit(f"the server did not start: {line!r}")
        address = match[0]
        try:
            asyncio.run(run_clients(address, 3, 0.0))  # warm
            before = megabytes(server.pid)
            thinking = told(asyncio.run(run_clients(address, first, THINKING)), first)
            after = megabytes(server.pid)
            closed = told(asyncio.run(run_clients(address, then, 0.0)), then)
            limits = asyncio.run(exceed(address))
            memory = {"before": before, "after": after, "end": megabytes(server.pid)}
        finally:
            server.terminate()
            server.wait(20)
    report = {
        "items": ITEMS,
        "dim": DIM,
        "clients": CLIENTS,
        "seconds to start": ready,
        "thinking": thinking,
        "closed loop": closed,
        "memory, MB": memory,
        "limits": limits,
    }
    print(json.dumps(report, indent=1))
    write_result(arguments.out, report)


if __name__ == "__main__":
    main()
