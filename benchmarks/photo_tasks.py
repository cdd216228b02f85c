"""Five tasks on real photos: captions, phrases, entailment, its reasons, and questions about rooms.

Photos go by folder and file name. Flickr8k is split by its lists, DAQUAR by its lists, and the 518 photos with
sentences by the seed: three tenths test, a tenth validation. What is about a photo that any task is tested or chosen by
is taken out of every training set by `photo_reasoning.py`.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.encoding import encode_items
from commonspace.encoders.minilm import MiniLM
from commonspace.encoders.view_cache import DiskViewCache
from commonspace.reasoning.inputs import Box
from commonspace.reasoning.tasks import Caption, Choice, Question, Reference, Statement

PARTS = ("train", "validation", "test")
Parts = dict[str, list[Any]]
"""Name of a part -> examples."""

CAPTIONS, HARD = 5, 20
"""Of each photo, and those of other photos nearest to one, from which hard wrong ones are drawn."""

WAYS, UNLIKE = 4, 0.5
"""Reasons to choose from, and how much a wrong one is held back by what it has in common with the right one."""


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table, plain or packed."""
    opening: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opening(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def flickr_part(root: Path) -> dict[str, str]:
    """File name -> the part of Flickr8k it is of."""
    lists = {"train": "train.txt", "validation": "dev.txt", "test": "test.txt"}
    return {name: p for p, file in lists.items() for name in (root / "flickr8k" / file).read_text().split()}


def captions(root: Path) -> Parts:
    """Of each photo to learn from all captions, of others one, with captions of other photos that are like them."""
    part, every = flickr_part(root), dict[str, list[str]]()
    for row in rows(root / "flickr8k" / "captions.csv"):
        every.setdefault(row["image"], []).append(row["caption"])
    found: Parts = {}
    for p in PARTS:
        photos = [name for name in every if part.get(name) == p]
        found[p] = []
        for turn in range(CAPTIONS if p == "train" else 1):
            texts = [every[name][(i + turn) % CAPTIONS] for i, name in enumerate(photos)]
            found[p] += [
                Caption(f"flickr8k/{name}", text, tuple(texts[j] for j in near))
                for name, text, near in zip(photos, texts, nearest(texts, HARD), strict=True)
            ]
    return found


def references(root: Path) -> Parts:
    """Phrases with one box, in photos of at least two boxes, one phrase of each box; candidates are all of them."""
    part, boxes, phrases = flickr_part(root), dict[str, list[Box]](), dict[tuple[str, str, str], list[Any]]()
    for row in rows(root / "flickr8k" / "phrase_boxes.csv.gz"):
        size = {"x": float(row["width"]), "y": float(row["height"])}
        left, top, right, bottom = (
            min(max(float(row[side]) / size[side[0]], 0.0), 1.0) for side in ("x1", "y1", "x2", "y2")
        )
        box = (left, top, right, bottom)
        own = boxes.setdefault(row["image"], [])
        if box not in own:
            own.append(box)
        phrases.setdefault((row["image"], row["sentence"], row["phrase"]), []).append(box)
    found: Parts = {p: [] for p in PARTS}
    seen = set[tuple[str, Box]]()
    for (photo, _, phrase), each in phrases.items():
        if part.get(photo) and len(each) == 1 and len(boxes[photo]) > 1 and (photo, each[0]) not in seen:
            seen.add((photo, each[0]))
            found[part[photo]].append(Reference(f"flickr8k/{photo}", phrase, tuple(boxes[photo]), each[0]))
    return found


def entailment(root: Path, seed: int) -> tuple[Parts, Parts]:
    """Sentences about photos, and why each is what it is: one of four reasons."""
    every = rows(root / "flickr8k" / "entailment.csv")
    photos = np.random.default_rng((seed, 3)).permutation(sorted({row["image"] for row in every}))
    bounds = (int(0.6 * len(photos)), int(0.7 * len(photos)))
    part = {p: set(of) for p, of in zip(PARTS, np.split(photos, bounds), strict=True)}
    statements: Parts = {}
    reasons: Parts = {}
    for p in PARTS:
        own = [row for row in every if row["image"] in part[p]]
        statements[p] = [Statement(f"flickr8k/{r['image']}", r["hypothesis"], r["label"]) for r in own]
        reasons[p] = list(with_reasons([r for r in own if r["explanation"].strip()], seed))
    return statements, reasons


def with_reasons(every: Sequence[dict[str, str]], seed: int) -> Iterable[Choice]:
    """Wrong reasons are matched as VCR's are: to the point of this sentence, and unlike the right one."""
    asked = [f"{row['hypothesis']} {row['label']}" for row in every]
    said = [row["explanation"] for row in every]
    relevant, alike = (encoded(texts) @ encoded(said).T for texts in (asked, said))
    photos, labels = (np.array([row[column] for row in every]) for column in ("image", "label"))
    rng = np.random.default_rng((seed, 5))
    for i, row in enumerate(every):
        score = relevant[i] - UNLIKE * alike[i]
        score[(photos == photos[i]) | (labels != labels[i])] = -np.inf
        wrong = [said[j] for j in np.argsort(-score)[: WAYS - 1]]
        order = rng.permutation(WAYS)
        options = [said[i], *wrong]
        yield Choice(
            f"flickr8k/{row['image']}", asked[i], tuple(options[j] for j in order), int(np.flatnonzero(order == 0)[0])
        )


def rooms(root: Path, seed: int) -> Parts:
    """Questions of DAQUAR; a tenth of its training photos are validation."""
    folder = root / "daquar"
    lists = {p: (folder / f"{p}_images_list.txt").read_text().split() for p in ("train", "test")}
    held = set(np.random.default_rng((seed, 7)).permutation(sorted(lists["train"]))[: len(lists["train"]) // 10])
    part = {name: "validation" if name in held else "train" for name in lists["train"]}
    part |= dict.fromkeys(lists["test"], "test")
    found: Parts = {p: [] for p in PARTS}
    for row in [*rows(folder / "data_train.csv"), *rows(folder / "data_eval.csv")]:
        photo = row["image_id"].strip()
        if photo in part:
            found[part[photo]].append(Question(f"daquar/{photo}.jpg", row["question"], (row["answer"].strip(),)))
    return found


def photo_files(root: Path, names: Iterable[str]) -> dict[str, object]:
    """Name -> file."""
    return {name: root / name.split("/")[0] / "images" / name.split("/")[1] for name in names}


def encoded(texts: Sequence[str]) -> NDArray[np.float32]:
    """(n, 384) of unit length, by MiniLM; each is encoded once."""
    return encode_items(MiniLM(), texts, cache=DiskViewCache(), description="reading texts")


def nearest(texts: Sequence[str], k: int) -> list[list[int]]:
    """For each text the k others that are most like it."""
    z = encoded(texts)
    scores = z @ z.T
    np.fill_diagonal(scores, -np.inf)
    return [list(map(int, row)) for row in np.argsort(-scores, axis=1)[:, :k]]
