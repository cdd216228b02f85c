"""easy-VQA: questions about pictures of one shape, from the package that carries them.

Pictures of 64 x 64 pixels show a circle, rectangle or triangle in one of eight colours. The model sees the whole
picture and its quarters, no box. Sizes are those of `drawn_scenes.py`, and as there every model begins from one that
has learnt which thing of a drawn scene a phrase means. A tenth of the pictures to learn from tells the score on the way
and chooses nothing; test pictures and questions are those of the package, measured once for each seed.

    pip install easy-vqa
    python benchmarks/easy_vqa_pictures.py --work FOLDER --out benchmarks/results/easy_vqa.json

The folder may be that of `drawn_scenes.py`, whose grounded models are then read.
"""

from __future__ import annotations

import argparse
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from drawn_scenes import CONFIG, GROUNDING, RATE, pretrained, read
from measured import write_result

from commonspace.encoders.view_cache import DiskViewCache
from commonspace.reasoning.inputs import Preparation
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.photos import Photos
from commonspace.reasoning.predicting import predict
from commonspace.reasoning.streams import TaskData
from commonspace.reasoning.tasks import Question, QuestionAnswering
from commonspace.reasoning.tokens import Tokenizer
from commonspace.reasoning.training import MultiTaskSettings, train_tasks

EPOCHS, GRID, HELD = 10, 2, 400


def questions(package: Any, part: str) -> list[Question]:
    """The questions of "train" or "test"; pictures go by part and number."""
    texts, answers, pictures = getattr(package, f"get_{part}_questions")()
    return [Question(f"{part}-{p}", t, (a,)) for t, a, p in zip(texts, answers, pictures, strict=True)]


def main() -> None:
    """Measures, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="a folder for states of training")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    package = import_module("easy_vqa")
    files: dict[str, object] = {
        f"{part}-{number}": path
        for part in ("train", "test")
        for number, path in getattr(package, f"get_{part}_image_paths")().items()
    }
    photos, (scenes, examples) = Photos(files, cache=DiskViewCache()), read()
    every, test = questions(package, "train"), questions(package, "test")
    held = {f"train-{number}" for number in range(HELD)}
    train, validation = ([q for q in every if (q.photo in held) == wanted] for wanted in (False, True))
    preparation, runs = Preparation(Tokenizer(32), GRID), []
    for seed in arguments.seeds:
        begin = pretrained(seed, scenes, examples, arguments.work / f"{GROUNDING}-{seed}.ckpt")
        torch.manual_seed(seed)
        task = QuestionAnswering(CONFIG, package.get_answers())
        network = ReasoningNetwork(CONFIG, {"questions": task})
        network.begin_from(begin)
        started = time.perf_counter()
        data = {"questions": TaskData(train, validation, test, learning_rate=RATE)}
        events = train_tasks(network, data, photos, preparation, MultiTaskSettings(EPOCHS, RATE, seed=seed))
        seconds = time.perf_counter() - started
        right = task.right(predict(network, "questions", test, photos, preparation), test).mean()
        runs.append({"seed": seed, "test": float(right), "validation": events[-1].score, "seconds": seconds})
        print(f"  seed {seed}: {right:.4f} of {len(test)} questions, {seconds:.0f} s", flush=True)
        write_result(arguments.out, {"questions": {"train": len(train), "test": len(test)}, "runs": runs})


if __name__ == "__main__":
    main()
