"""Encode short texts, against sentence-transformers with the same weights, in one process; and how each starts cold.

The texts are the names of all emoji, each once. Both encode the same list in turns, batches of 32, and their vectors
must agree. The peer is `SentenceTransformer` on PyTorch as it comes. Cold is a process of its own, from the start of
Python to the vector of one text, imports included, files in the cache of the system and our network exported already.

    pip install -r benchmarks/requirements.txt
    python benchmarks/text_encoding.py --out benchmarks/results/text_encoding.json
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from measured import operations, seconds, write_result

import commonspace as cs
from commonspace.encoders.minilm import MiniLM, build_network, weights_folder

BATCH = 32
COLD = {
    "commonspace": "from commonspace.encoders.minilm import MiniLM; MiniLM().encode(['a hungry cat'])",
    "sentence-transformers": "from sentence_transformers import SentenceTransformer; "
    "SentenceTransformer({folder!r}, device='cpu').encode(['a hungry cat'])",
}


def cold(code: str) -> float:
    """How long a fresh interpreter takes for some code."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True))


def count_operations(lengths: list[int]) -> int:
    """Of texts of so many tokens each, without any padding."""
    network, _ = build_network()
    total = 0
    for length, texts in Counter(lengths).items():
        tokens = torch.ones(1, length, dtype=torch.int64)
        with torch.inference_mode():
            total += texts * operations(lambda tokens=tokens: network(tokens, tokens.bool()))  # type: ignore[misc]
    return total


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, metavar="N", help="the first so many; all where it is not given")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    folder = str(weights_folder())
    texts = [str(text) for (text,) in cs.load_dataset("emoji").content("text")][: arguments.texts]
    ours, peer = MiniLM(), import_module("sentence_transformers").SentenceTransformer(folder, device="cpu")
    runs: dict[str, Callable[[], object]] = {
        "commonspace": lambda: ours.encode(texts),
        "sentence-transformers": lambda: peer.encode(texts, batch_size=BATCH, show_progress_bar=False),
    }
    few = texts[: 2 * BATCH]
    unlike = float(np.abs(ours.encode(few) - peer.encode(few)).max())  # warms both up, too
    if unlike > 1e-4:
        sys.exit(f"the vectors differ by {unlike}")
    rates: dict[str, list[float]] = {name: [] for name in runs}
    starts: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(arguments.rounds):
        for name, run in runs.items():
            rates[name].append(len(texts) / seconds(run))
    for _ in range(arguments.rounds):
        for name, code in COLD.items():
            starts[name].append(cold(code.format(folder=folder)))
    pairs = {
        what: zip(of["commonspace"], of["sentence-transformers"], strict=True)
        for what, of in (("rate", rates), ("start", starts))
    }
    result = {
        "texts": len(texts),
        "texts_per_second": rates,
        "cold_seconds": starts,
        "ratio": {
            "texts_per_second": statistics.median(a / b for a, b in pairs["rate"]),
            "cold_seconds": statistics.median(b / a for a, b in pairs["start"]),
        },
        "largest_difference": unlike,
        "operations": count_operations([len(ids) for ids in peer.tokenizer(texts)["input_ids"]]),
    }
    write_result(arguments.out, result, ("commonspace", "onnxruntime", "torch", "sentence-transformers"))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
