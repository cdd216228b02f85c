"""How the time of single stages grows with the number of items n and with their width d.

What `linear_growth.py` does for the classical spaces, with the same rules: sizes double while the other number stays,
medians of the processor's time over rounds, no size that would take more than the cap, the exponent from the last three
sizes. With one thread that is what a clock shows on an idle machine.

    export OMP_NUM_THREADS=1 COMMONSPACE_THREADS=1
    python benchmarks/stage_growth.py --out FILE
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from growth_lines import growth_line
from measured import write_result
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

import commonspace as cs
from commonspace import metrics
from commonspace.encoders.efficientnet_lite import EfficientNetLite
from commonspace.encoders.minilm import MiniLM
from commonspace.training.losses.relations import Relations, relations
from commonspace.training.losses.triplet import triplet_loss

CLASSES, QUESTIONS = 10, 10
Work = Callable[[], object]


def normal(n: int, d: int, seed: int = 0) -> NDArray[np.float32]:
    """Standard normal numbers."""
    return np.random.default_rng(seed).standard_normal((n, d), np.float32)


def mean_average_precision(n: int, d: int) -> Work:
    """mAP@all of n queries among n, from vectors, without a matrix of all scores."""
    labels = np.arange(n) % CLASSES
    scores = metrics.CosineSimilarity(normal(n, d), normal(n, d, 1))
    return lambda: metrics.mean_average_precision(scores, metrics.SameLabel(labels, labels))


def exact_search(n: int, d: int) -> Work:
    """Questions to a collection of n vectors without an index, one after another."""
    folder = tempfile.TemporaryDirectory()
    collection = cs.Collection.create(Path(folder.name) / "store", dim=d)
    collection.add_vectors([str(i) for i in range(n)], normal(n, d), modality="image")
    asked = normal(QUESTIONS, d, 1)

    def search(kept: object = folder) -> None:  # the folder lives as long as this
        for q in asked:
            collection.search(vector=q, to="image", k=10)

    return search


def contrastive(n: int, d: int) -> Work:
    """One epoch of `Contrastive` on n pairs of d columns each."""
    views = {"image": normal(n, d), "text": normal(n, d, 1)}
    return lambda: cs.Contrastive(validation_fraction=0, max_epochs=1, random_state=0).fit(views)


def triplets(n: int, d: int) -> Work:
    """The triplet loss of a batch of n vectors, by the hardest negatives, and its gradient."""
    embeddings = torch.from_numpy(normal(n, d)).requires_grad_()
    items, targets = torch.arange(n), F.one_hot(torch.arange(n) % 64)

    def work() -> None:
        unit, known = F.normalize(embeddings, dim=1), relations(items, items, targets, targets)
        known = Relations(known.positive.fill_diagonal_(False), known.negative)
        loss = triplet_loss(unit @ unit.T, known, margin=0.2, mining="hardest", reduction="active")
        torch.autograd.grad(loss, embeddings)

    return work


def photos(n: int, d: int) -> Work:
    """Encoding n photos of d x d pixels from the bytes of their JPEG files."""
    files = []
    for seed in range(n):
        file, pixels = BytesIO(), np.random.default_rng(seed).integers(0, 255, (15, 15, 3), np.uint8)
        Image.fromarray(pixels).resize((d, d)).save(file, "JPEG")
        files.append(file.getvalue())
    encoder = EfficientNetLite()
    return lambda: encoder.encode(files)


def texts(n: int, d: int) -> Work:
    """Encoding n texts of d words."""
    rng, encoder = np.random.default_rng(0), MiniLM()
    words = np.array(["a", "red", "bus", "in", "the", "snow", "with", "two", "dogs", "and", "children"])
    asked = [" ".join(rng.choice(words, d)) for _ in range(n)]
    return lambda: encoder.encode(asked)


STAGES: dict[str, tuple[Callable[[int, int], Work], list[int], list[int]]] = {
    "mAP@all": (mean_average_precision, [1000, 2000, 4000, 8000], [64, 128, 256, 512, 1024]),
    "exact search": (exact_search, [25_000, 50_000, 100_000, 200_000], [64, 128, 256, 512, 1024]),
    "Contrastive": (contrastive, [1024, 2048, 4096, 8192], [256, 512, 1024, 2048]),
    "triplet loss": (triplets, [256, 512, 1024, 2048], [64, 128, 256, 512]),
    "photos": (photos, [64, 128, 256], [256, 512, 1024]),
    "texts": (texts, [256, 512, 1024], [8, 16, 32, 64]),
}
"""Stage -> its work at a size, numbers of items, widths. While one grows the other is the first but one of its own."""


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--rounds", type=int, default=3, metavar="R", help="rounds of every size")
    parser.add_argument("--cap", type=float, default=6.0, metavar="SECONDS", help="no size that would take longer")
    parser.add_argument("--stages", nargs="+", choices=tuple(STAGES), default=list(STAGES), metavar="NAME")
    arguments = parser.parse_args()
    lines: list[dict[str, Any]] = []
    for name in arguments.stages:
        work, rows, columns = STAGES[name]
        n, d = rows[1], columns[1]
        for grows, sizes, prepare in (
            ("rows", rows, lambda size, work=work, d=d: work(size, d)),
            ("columns", columns, lambda size, work=work, n=n: work(n, size)),
        ):
            told = growth_line(f"{grows:8} {name:17}", prepare, sizes, arguments.rounds, arguments.cap)
            lines.append({"grows": grows, "stage": name, "fixed": d if grows == "rows" else n, **told})
    write_result(arguments.out, {"rounds": arguments.rounds, "questions": QUESTIONS, "lines": lines})


if __name__ == "__main__":
    main()
