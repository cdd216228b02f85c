"""How long a question about a photo takes once the model is loaded.

The default sizes, untrained, as weights do not matter for time, with 580 answers and a grid of 7 x 7 cells; each
question is about another photo of 500 x 375 pixels, given as bytes of a JPEG file. The median of 30, after one that
does not count.

    python benchmarks/ask_latency.py --out benchmarks/results/ask_latency.json
"""

from __future__ import annotations

import argparse
import time
from io import BytesIO
from pathlib import Path

import numpy as np
from measured import write_result
from PIL import Image

from commonspace.reasoning import CoAttentionConfig, Reasoner, ReasoningNetwork
from commonspace.reasoning.inputs import Preparation
from commonspace.reasoning.tasks import QuestionAnswering
from commonspace.reasoning.tokens import Tokenizer

ANSWERS, GRID, REPEATS = 580, 7, 30


def photo(seed: int) -> bytes:
    """A file of coarse noise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (15, 20, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).resize((500, 375)).save(file, "JPEG")
    return file.getvalue()


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    config = CoAttentionConfig()
    task = QuestionAnswering(config, [f"answer {i}" for i in range(ANSWERS)])
    network = ReasoningNetwork(config, {"questions": task})
    reasoner = Reasoner(network, Preparation(Tokenizer(), GRID))
    seconds = []
    for i in range(REPEATS + 1):
        item, started = photo(i), time.perf_counter()
        reasoner.ask(item, "what colour is the dress of the child on the stairs?")
        seconds.append(time.perf_counter() - started)
    report = {"parameters": sum(p.numel() for p in network.parameters()), "seconds": seconds[1:]}
    write_result(arguments.out, report)
    print(f"{np.median(seconds[1:]) * 1000:.0f} ms, at most {max(seconds[1:]) * 1000:.0f}", report["parameters"])


if __name__ == "__main__":
    main()
