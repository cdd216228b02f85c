"""Drawn scenes of few things, whose every fact is known: to see what a model that reasons over photos can learn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from commonspace.errors import ParameterError

SHAPES = ("circle", "square", "triangle", "cross")
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (214, 39, 40),
    "green": (44, 160, 44),
    "blue": (31, 88, 200),
    "yellow": (240, 200, 20),
    "purple": (148, 60, 189),
    "black": (20, 20, 20),
}
SIZES = {"small": (14, 20), "large": (30, 38)}
"""Sides of things in pixels, from and to."""

SIDE, GAP = 128, 6
"""Of a scene, and least pixels between things."""

FEWEST, MOST = 3, 5
"""Things in a scene."""

PLAIN = 16
"""Pixels by which a centre has to be further left for a thing to be left of another, and so on; with less, but some,
nobody is asked."""

TRIES = 200
"""Places that are tried for the things of a scene before all of them are put anew."""


DIRECTIONS: dict[str, tuple[int, int]] = {"left of": (0, -1), "right of": (0, 1), "above": (1, -1), "below": (1, 1)}
"""Name -> the axis, 0 across and 1 down, and the sign along it."""

OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}


@dataclass(frozen=True)
class Thing:
    """Something in a scene.

    Attributes:
        shape: One of `SHAPES`.
        colour: One of `COLOURS`.
        size: One of `SIZES`.
        box: Left, top, right, bottom in pixels; right and bottom are outside.
    """

    shape: str
    colour: str
    size: str
    box: tuple[int, int, int, int]

    @property
    def centre(self) -> tuple[float, float]:
        """Across and down, in pixels."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


@dataclass(frozen=True)
class Scene:
    """Things on a light ground, none of which touch or are alike in size, colour and shape.

    Attributes:
        things: Three to five, in the order in which they were put there.
        ground: The grey of the ground, 0 to 255.
    """

    things: tuple[Thing, ...]
    ground: int

    def picture(self) -> NDArray[np.uint8]:
        """(128, 128, 3) red, green, blue."""
        image = Image.new("RGB", (SIDE, SIDE), (self.ground,) * 3)
        pen = ImageDraw.Draw(image)
        for thing in self.things:
            left, top, right, bottom = thing.box
            right, bottom, colour = right - 1, bottom - 1, COLOURS[thing.colour]
            across, third = (left + right) / 2, (right - left + 1) // 3
            if thing.shape == "circle":
                pen.ellipse((left, top, right, bottom), colour)
            elif thing.shape == "square":
                pen.rectangle((left, top, right, bottom), colour)
            elif thing.shape == "triangle":
                pen.polygon([(across, top), (right, bottom), (left, bottom)], colour)
            else:
                pen.rectangle((left + third, top, right - third, bottom), colour)
                pen.rectangle((left, top + third, right, bottom - third), colour)
        return np.asarray(image)


def generate_scenes(n: int, *, seed: int = 0) -> list[Scene]:
    """Draws n scenes of things whose size, colour and shape are drawn evenly, each on its own.

    Args:
        n: How many.
        seed: Of the draw. Other seeds give other scenes.

    Raises:
        ParameterError: If n is negative.

    Example:
        ```python
        scenes = generate_scenes(1000, seed=1)
        scenes[0].picture().shape  # (128, 128, 3)
        ```
    """
    if n < 0:
        raise ParameterError(f"n: expected a number of scenes of 0 or more, got {n}.")
    return [_scene(np.random.default_rng((seed, i, 11))) for i in range(n)]


def _scene(rng: np.random.Generator) -> Scene:
    wanted, tries = int(rng.integers(FEWEST, MOST + 1)), 0
    things: list[Thing] = []
    while len(things) < wanted:
        tries += 1
        if tries > TRIES:  # large things have left no room
            things, tries = [], 0
        size = str(rng.choice(list(SIZES)))
        side = int(rng.integers(*SIZES[size], endpoint=True))
        left, top = (int(v) for v in rng.integers(2, SIDE - 2 - side, 2, endpoint=True))
        box = (left, top, left + side, top + side)
        thing = Thing(str(rng.choice(SHAPES)), str(rng.choice(list(COLOURS))), size, box)
        if all(_apart(box, other.box) and not _alike(thing, other) for other in things):
            things.append(thing)
    return Scene(tuple(things), int(rng.integers(225, 256)))


def _apart(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[2] + GAP <= b[0] or b[2] + GAP <= a[0] or a[3] + GAP <= b[1] or b[3] + GAP <= a[1]


def _alike(a: Thing, b: Thing) -> bool:
    return (a.size, a.colour, a.shape) == (b.size, b.colour, b.shape)


def stands(thing: Thing, direction: str, other: Thing) -> bool | None:
    """Whether a thing is left of another, and so on; None where it is, but hardly.

    Args:
        thing: What is somewhere.
        direction: One of `DIRECTIONS`.
        other: What it is left of, or right of, above, below.
    """
    axis, sign = DIRECTIONS[direction]
    along = sign * (thing.centre[axis] - other.centre[axis])
    return None if 0 < along < PLAIN else along > 0


def all_descriptions(thing: Thing) -> Iterator[str]:
    """What a thing may be called, the shortest first: "circle", "red circle", "small circle", "small red circle"."""
    yield thing.shape
    yield f"{thing.colour} {thing.shape}"
    yield f"{thing.size} {thing.shape}"
    yield f"{thing.size} {thing.colour} {thing.shape}"


def fits(thing: Thing, description: str) -> bool:
    """Whether every word of a description is true of a thing."""
    return set(description.split()) <= {thing.size, thing.colour, thing.shape}
