"""A generated machine with three sensors: vibration, current and temperature, and the state it is in.

Each recording is of a machine in one of four states, which sets how fast it turns and how it is loaded, each with a
spread of its own. Vibration swings at that speed and twice it, current pulses with the load at half the speed, and
temperature climbs towards a level that speed and load set; all with noise, and of 200 to 400 samples. Each is encoded
by `series`. 600 recordings to learn from and 300 to measure, of which each modality is missing in training as in
`emoji_five.py`. Told is mAP@all by state and Recall@10 of the own recording, means over the six directions.

    python benchmarks/generated_sensors.py --out benchmarks/results/generated_sensors.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from emoji_five import MISSING, SEEDS, SPACES, learnt_from
from measured import write_result
from numpy.typing import NDArray

import commonspace as cs
from commonspace.encoders import get_encoder

STATES = ((1.0, 0.3), (1.0, 0.8), (2.0, 0.3), (2.0, 0.8))
"""Speed and load of each state."""

TRAIN, TEST = 600, 300

Matrix = NDArray[Any]


def recording(state: int, rng: np.random.Generator) -> dict[str, Matrix]:
    """Three series of one machine."""
    speed = STATES[state][0] * np.exp(0.2 * rng.standard_normal())
    load = STATES[state][1] * np.exp(0.2 * rng.standard_normal())
    t = np.arange(rng.integers(200, 400)) / 20
    turn = 2 * np.pi * (speed * t + rng.random())
    vibration = np.sin(turn) + load * np.sin(2 * turn)
    current = load * (np.sin(turn / 2) > 0.3) + 0.2 * load
    temperature = (speed + load) * (1 - np.exp(-t / (4 / load)))
    series = {"vibration": vibration, "current": current, "temperature": temperature}
    return {name: values + 0.2 * rng.standard_normal(len(t)) for name, values in series.items()}


def generate(seed: int) -> tuple[dict[str, Matrix], Matrix]:
    """The encoded views of all recordings, and their states."""
    rng = np.random.default_rng(seed)
    states = rng.integers(0, len(STATES), TRAIN + TEST)
    items = [recording(int(state), rng) for state in states]
    encoder = get_encoder("series")
    return {name: encoder.encode([item[name] for item in items]) for name in items[0]}, states


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    arguments = parser.parse_args()
    results: list[dict[str, Any]] = []
    made = [generate(seed) for seed in SEEDS]
    for name, make in SPACES.items():
        for share in MISSING:
            reports = []
            for seed, (views, states) in zip(SEEDS, made, strict=True):
                space = make(seed)
                space.fit(learnt_from(views, np.arange(TRAIN), share, seed))
                test = {m: view[TRAIN:] for m, view in views.items()}
                reports.append(cs.evaluate(space, cs.Dataset(test, labels=states[TRAIN:]), ks=(10,)))
            entry: dict[str, Any] = {
                "dataset": "generated sensors",
                "space": name,
                "missing_in_training": share,
                "seeds": list(SEEDS),
                "map": {d: [report.map[d] for report in reports] for d in reports[0].map},
                "recall": {d: {"10": [report.recall[d][10] for report in reports]} for d in reports[0].recall},
            }
            results.append(entry)
            by_label = np.mean(list(entry["map"].values()), axis=0)
            by_item = np.mean([at["10"] for at in entry["recall"].values()], axis=0)
            told = [f"{np.mean(values):.3f} +- {np.std(values):.3f}" for values in (by_label, by_item)]
            print(f"{name}, {share:.0%} missing: mAP@all {told[0]}, Recall@10 {told[1]}", flush=True)
    write_result(arguments.out, {"results": results})


if __name__ == "__main__":
    main()
