"""What can be asked and said about drawn scenes, and the truth of it: questions, phrases, statements, reasons."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from .scenes import COLOURS, DIRECTIONS, OPPOSITE, SHAPES, SIZES, Scene, all_descriptions, fits, stands

CHOICES = 4


@dataclass(frozen=True)
class Question:
    """A question and its answer, one word."""

    text: str
    answer: str


@dataclass(frozen=True)
class Reference:
    """A phrase that is true of one thing in the scene, and which one."""

    phrase: str
    thing: int


@dataclass(frozen=True)
class Statement:
    """A sentence about the scene, and whether it is true."""

    text: str
    true: bool


@dataclass(frozen=True)
class Choice:
    """A question with four answers and four reasons, of each of which one is right; [i] points to thing i."""

    question: str
    answers: tuple[str, ...]
    answer: int
    rationales: tuple[str, ...]
    rationale: int


def ask(scene: Scene, rng: np.random.Generator) -> Question:
    """A question about a colour, a shape, a number, or whether something is there; the kinds come equally often.

    Where no colour or shape can be asked for without doubt, it is a number or whether something is there.
    """
    kinds = (_ask_colour, _ask_shape, _ask_number, _ask_presence)
    for kind in rng.permutation(len(kinds)):
        found = kinds[kind](scene, rng)
        if found is not None:
            return found
    return _ask_number(scene, rng)


def refer(scene: Scene, rng: np.random.Generator) -> Reference:
    """A phrase that is true of one thing: by what it is, or, half the time and where one can, by where it stands."""
    beside = None
    if rng.random() < 0.5:
        beside = _refer_beside(scene, rng)
    if beside is not None:
        return beside
    i = int(rng.integers(len(scene.things)))
    return Reference(f"the {_name(scene, i)}", i)


def state(scene: Scene, rng: np.random.Generator) -> Statement:
    """A sentence about what is there, or about where; true half the time, else false in one word."""
    true = bool(rng.random() < 0.5)
    return _say_place(scene, true, rng) if rng.random() < 0.5 else _say_presence(scene, true, rng)


def choose(scene: Scene, rng: np.random.Generator) -> Choice | None:
    """Which colour is what stands in some direction of a thing, and why; None where no thing stands alone there.

    Reasons that are wrong name another thing, another direction, or both, and two of them the right colour: the answer
    alone does not tell them apart.
    """
    pairs = [(k, d) for k in range(len(scene.things)) for d in DIRECTIONS]
    for place in rng.permutation(len(pairs)):
        k, direction = pairs[place]
        anchor = scene.things[k]
        told = {j: stands(thing, direction, anchor) for j, thing in enumerate(scene.things) if j != k}
        if None in told.values() or sum(map(bool, told.values())) != 1:
            continue
        i = next(j for j, there in told.items() if there)
        elsewhere = [j for j, there in told.items() if not there]
        return _choice(scene, k, i, int(rng.choice(elsewhere)), direction, rng)
    return None


def _choice(scene: Scene, k: int, i: int, j: int, direction: str, rng: np.random.Generator) -> Choice:
    colour = scene.things[i].colour
    seen = [c for c in dict.fromkeys(thing.colour for thing in scene.things) if c != colour]
    unseen = [c for c in COLOURS if c not in seen and c != colour]
    others = [*rng.permutation(seen), *rng.permutation(unseen)][: CHOICES - 1]
    wrong = next(c for c in COLOURS if c not in (colour, scene.things[j].colour))
    answers, answer = _shuffled([f"it is {c}" for c in (colour, *others)], rng)
    reasons = [
        f"[{i}] is {direction} [{k}] and is {colour}",
        f"[{j}] is {direction} [{k}] and is {colour}",
        f"[{i}] is {OPPOSITE[direction]} [{k}] and is {colour}",
        f"[{j}] is {OPPOSITE[direction]} [{k}] and is {wrong}",
    ]
    rationales, rationale = _shuffled(reasons, rng)
    return Choice(f"what colour is the thing {direction} [{k}] ?", answers, answer, rationales, rationale)


def _ask_colour(scene: Scene, rng: np.random.Generator) -> Question | None:
    named = [(d, t) for t in scene.things for d in (t.shape, f"{t.size} {t.shape}") if _number(scene, d) == 1]
    if not named:
        return None
    called, thing = named[int(rng.integers(len(named)))]
    return Question(f"what colour is the {called} ?", thing.colour)


def _ask_shape(scene: Scene, rng: np.random.Generator) -> Question | None:
    named = [(d, t) for t in scene.things for d in (t.colour, f"{t.size} {t.colour}") if _number(scene, d) == 1]
    if not named:
        return None
    called, thing = named[int(rng.integers(len(named)))]
    return Question(f"what shape is the {called} thing ?", thing.shape)


def _ask_number(scene: Scene, rng: np.random.Generator) -> Question:
    word = str(rng.choice([*SHAPES, *COLOURS, *SIZES]))
    plural = f"{word} things" if word not in SHAPES else "crosses" if word == "cross" else f"{word}s"
    return Question(f"how many {plural} are there ?", str(_number(scene, word)))


def _ask_presence(scene: Scene, rng: np.random.Generator) -> Question:
    said = _say_presence(scene, bool(rng.random() < 0.5), rng)
    return Question(f"is there {said.text.removeprefix('there is ')} ?", "yes" if said.true else "no")


def _refer_beside(scene: Scene, rng: np.random.Generator) -> Reference | None:
    """By shape and by where it stands; the shape alone is true of several things, where that can be."""
    found = []
    for k, i in permutations(range(len(scene.things)), 2):
        thing, anchor = scene.things[i], scene.things[k]
        alike = [t for j, t in enumerate(scene.things) if j != k and t.shape == thing.shape]
        for direction in DIRECTIONS:
            told = [stands(t, direction, anchor) for t in alike]
            if stands(thing, direction, anchor) and None not in told and sum(map(bool, told)) == 1:
                found.append((len(alike), Reference(f"the {thing.shape} {direction} the {_name(scene, k)}", i)))
    if not found:
        return None
    several = [reference for number, reference in found if number > 1] or [reference for _, reference in found]
    return several[int(rng.integers(len(several)))]


def _say_presence(scene: Scene, true: bool, rng: np.random.Generator) -> Statement:
    thing = scene.things[int(rng.integers(len(scene.things)))]
    said = f"{thing.colour} {thing.shape}"
    if not true:  # another colour, or another shape
        others = (
            [f"{c} {thing.shape}" for c in COLOURS] if rng.random() < 0.5 else [f"{thing.colour} {s}" for s in SHAPES]
        )
        absent = [other for other in others if not _number(scene, other)]
        said = str(
            rng.choice(absent or [f"{c} {s}" for c in COLOURS for s in SHAPES if not _number(scene, f"{c} {s}")])
        )
    return Statement(f"there is a {said}", true)


def _say_place(scene: Scene, true: bool, rng: np.random.Generator) -> Statement:
    found = [
        (i, direction, k)
        for i, k in permutations(range(len(scene.things)), 2)
        for direction in DIRECTIONS
        if stands(scene.things[i], direction, scene.things[k])
    ]
    i, direction, k = found[int(rng.integers(len(found)))]
    said = direction if true else OPPOSITE[direction]
    return Statement(f"the {_name(scene, i)} is {said} the {_name(scene, k)}", true)


def _name(scene: Scene, i: int) -> str:
    """The shortest description that is true of this thing alone."""
    return next(d for d in all_descriptions(scene.things[i]) if _number(scene, d) == 1)


def _number(scene: Scene, description: str) -> int:
    return sum(fits(thing, description) for thing in scene.things)


def _shuffled(texts: list[str], rng: np.random.Generator) -> tuple[tuple[str, ...], int]:
    """The texts in another order, and where the first one is now."""
    order = rng.permutation(len(texts))
    return tuple(texts[i] for i in order), int(np.flatnonzero(order == 0)[0])
