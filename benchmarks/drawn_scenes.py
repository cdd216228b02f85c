"""Drawn scenes: what one model of five tasks makes of them, beside a model for each task.

Scenes of 3 to 5 things, drawn by `commonspace.data.scenes` with other seeds for training, validation and test: 6,000,
200 and 500. Asked are, of each scene, twelve questions (a colour, a shape, a number, whether something is there),
twelve statements, twelve phrases that refer to a thing, and up to twelve questions with four answers and four reasons,
of which every fourth is learnt from; of validation and test scenes four of each. Every model begins from one that has
learnt, once, which thing each of the phrases means: words are grounded before anything else is asked. A model sees each
thing's box, as of a perfect detector, and no grid. Its sizes are small: three layers of text and two of vision of width
128, two connections, nothing else pretrained but the frozen EfficientNet-Lite0 that looks at pictures.

Told is the accuracy on the test scenes: of answering from a vocabulary, verifying, referring, choosing the answer
(Q->A), the reason with the right answer given (QA->R), and both (Q->AR).

    python benchmarks/drawn_scenes.py --work FOLDER --out benchmarks/results/drawn_scenes.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measured import write_result

from commonspace.data.scenes import generate_scenes
from commonspace.encoders.bert import BertConfig
from commonspace.encoders.view_cache import DiskViewCache
from commonspace.files import replacing
from commonspace.metrics.answers import choice_accuracy
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.inputs import Preparation
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.photos import REGION, Photos
from commonspace.reasoning.predicting import predict
from commonspace.reasoning.scene_examples import SceneExamples, scene_examples
from commonspace.reasoning.streams import TaskData
from commonspace.reasoning.tasks import (
    MultipleChoice,
    QuestionAnswering,
    Referring,
    Task,
    Verification,
    answer_vocabulary,
)
from commonspace.reasoning.tokens import Tokenizer
from commonspace.reasoning.training import MultiTaskSettings, train_tasks

WIDTH, RATE, BATCH = 128, 1e-3, 64
EPOCHS = 2
SPLITS = {"train": 6000, "validation": 200, "test": 500}
EACH = {"train": 12, "validation": 4, "test": 4}
TASKS = ("questions", "statements", "references", "answers", "reasons")
CHOICES = ("answers", "reasons")
"""Tasks of four texts each, of which every fourth example is learnt from."""

JOINT, GROUNDING = "joint", "grounding"
CONFIG = CoAttentionConfig(
    BertConfig(hidden=WIDTH, layers=3, heads=4, intermediate=2 * WIDTH, positions=64),
    vision_width=WIDTH,
    vision_layers=2,
    vision_heads=4,
    vision_inner=2 * WIDTH,
    connections=2,
    width=WIDTH,
    heads=4,
    region=REGION,
    pointing=True,
    dropout=0.0,
)
PREPARATION = Preparation(Tokenizer(40), grid=0)


def read() -> tuple[Photos, dict[str, SceneExamples]]:
    """Draws the scenes, and tells what is asked of those of each part."""
    scenes = {part: generate_scenes(n, seed=i) for i, (part, n) in enumerate(SPLITS.items())}
    photos = Photos(
        {f"{p}-{i}": s.picture() for p, of in scenes.items() for i, s in enumerate(of)}, cache=DiskViewCache()
    )
    examples = {
        part: scene_examples(of, [f"{part}-{i}" for i in range(len(of))], EACH[part], seed=i)
        for i, (part, of) in enumerate(scenes.items())
    }
    return photos, examples


def make_task(name: str, examples: SceneExamples) -> Task[Any]:
    """A task by its name."""
    if name == "questions":
        return QuestionAnswering(CONFIG, answer_vocabulary(examples.questions))
    if name == "statements":
        return Verification(CONFIG)
    return Referring(CONFIG) if name == "references" else MultipleChoice(CONFIG, reasons=name == "reasons")


def pretrained(seed: int, photos: Photos, examples: dict[str, SceneExamples], checkpoint: Path) -> ReasoningNetwork:
    """What all models of a seed begin from; trained, gone on with, or read where it is finished."""
    data = {GROUNDING: TaskData(examples["train"].references, examples["validation"].references, (), BATCH, RATE)}
    torch.manual_seed(seed)
    network = ReasoningNetwork(CONFIG, {GROUNDING: Referring(CONFIG)})
    settings = MultiTaskSettings(1, RATE, seed=seed, stop_and_go=False)
    train_tasks(network, data, photos, PREPARATION, settings, checkpoint=checkpoint, resume=True)
    return network


def measure(
    names: tuple[str, ...],
    seed: int,
    photos: Photos,
    examples: dict[str, SceneExamples],
    begin: ReasoningNetwork,
    checkpoint: Path,
) -> dict[str, Any]:
    """Trains one model of these tasks, or goes on with it, and tells what it makes of the test scenes."""
    data = {
        name: TaskData(
            getattr(examples["train"], name)[:: 4 if name in CHOICES else 1],
            getattr(examples["validation"], name),
            getattr(examples["test"], name),
            BATCH // 2 if name in CHOICES else BATCH,
            RATE,
        )
        for name in names
    }
    torch.manual_seed(seed)
    network = ReasoningNetwork(CONFIG, {name: make_task(name, examples["train"]) for name in names})
    network.begin_from(begin)
    settings = MultiTaskSettings(EPOCHS, RATE, seed=seed)
    started = time.perf_counter()
    events = train_tasks(network, data, photos, PREPARATION, settings, checkpoint=checkpoint, resume=True)
    report: dict[str, Any] = {
        "seconds": time.perf_counter() - started,
        "parameters": sum(p.numel() for p in network.parameters()),
        "accuracy": {},
        "stopped": sorted({event.task for event in events if not event.going}),
    }
    right = {}
    for name in names:
        logits = predict(network, name, data[name].test, photos, PREPARATION)
        right[name] = network.task(name).right(logits, data[name].test)
        report["accuracy"][name] = float(right[name].mean())
    if {"answers", "reasons"} <= right.keys():
        report["both"] = both(right["answers"], right["reasons"])
    report["right"] = {name: r.astype(int).tolist() for name, r in right.items() if name in CHOICES}
    return report


def both(answers: Any, reasons: Any) -> float:
    """The share with the right answer and the right reason."""
    ones = np.ones(len(answers), int)
    return choice_accuracy(np.asarray(answers, int), np.asarray(reasons, int), ones, ones).both


def main() -> None:
    """Measures what is not in the folder yet, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="a folder for states of training and finished runs")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", choices=[*TASKS, JOINT], default=[*TASKS, JOINT])
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    photos, examples = read()
    results: dict[str, list[dict[str, Any]]] = {}
    for seed in arguments.seeds:
        for name in arguments.only:
            path = arguments.work / f"{name}-{seed}.json"
            if not path.is_file():
                names = TASKS if name == JOINT else (name,)
                begin = pretrained(seed, photos, examples, arguments.work / f"{GROUNDING}-{seed}.ckpt")
                found = measure(names, seed, photos, examples, begin, arguments.work / f"{name}-{seed}.ckpt")
                with replacing(path) as temporary:
                    temporary.write_text(json.dumps(found))
            found = json.loads(path.read_text())
            results.setdefault(name, []).append({"seed": seed, **found})
            print(
                f"  seed {seed}  {name:10} {found['seconds']:5.0f} s {found['parameters']:,} {found['accuracy']}",
                flush=True,
            )
    if {"answers", "reasons"} <= results.keys():
        for a, r in zip(results["answers"], results["reasons"], strict=True):
            a["both"] = both(a["right"]["answers"], r["right"]["reasons"])
            print(f"  seed {a['seed']}  single, Q->AR {a['both']:.3f}")
    told = {name: [{k: v for k, v in one.items() if k != "right"} for one in of] for name, of in results.items()}
    tests = {name: len(getattr(examples["test"], name)) for name in TASKS}
    write_result(arguments.out, {"scenes": SPLITS, "tests": tests, "models": told})


if __name__ == "__main__":
    main()
