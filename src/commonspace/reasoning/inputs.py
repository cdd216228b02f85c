"""What the model is given: texts beside photos, made ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from commonspace.errors import InputError, ParameterError

from .photos import Photos
from .regions import Regions
from .tokens import Tokenizer, Tokens, check_text, pointers

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the photo."""


@dataclass(frozen=True)
class Pair:
    """A text, or two, beside a photo and boxes in it.

    Attributes:
        photo: Its name.
        text: Words; "[2]" points to box 2.
        second: A second text, such as an answer to the first.
        boxes: Of the photo.
    """

    photo: str
    text: str
    second: str | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Inputs:
    """Pairs, made ready.

    Attributes:
        tokens: Of the texts.
        regions: Of the photos: the whole photo, a grid, and the boxes.
        first_box: The number of the first region that is a box.
    """

    tokens: Tokens
    regions: Regions
    first_box: int

    def to(self, device: torch.device) -> Inputs:
        """The same on a device."""
        return Inputs(self.tokens.to(device), self.regions.to(device), self.first_box)

    @property
    def real_boxes(self) -> Tensor:
        """(n, b), which boxes are there."""
        return self.regions.real[:, self.first_box :]

    @property
    def points(self) -> Tensor:
        """(n, l) number of the region that a token points to, -1 where it points to none."""
        points = self.tokens.points
        return torch.where(points >= 0, points + self.first_box, points)


@dataclass(frozen=True)
class Preparation:
    """How pairs are made ready.

    Attributes:
        tokenizer: For the texts.
        grid: Cells of the grid over a photo, in each direction; 0: none.
    """

    tokenizer: Tokenizer
    grid: int = 7

    def __post_init__(self) -> None:
        if not isinstance(self.grid, int) or self.grid < 0:
            raise ParameterError(f"grid: expected a number of cells of 0 or more, got {self.grid!r}.")

    def __call__(self, pairs: Sequence[Pair], photos: Photos) -> Inputs:
        """Makes pairs ready.

        Raises:
            InputError: If a text is empty or none, a box lies outside its photo, or a word points to no box.
            UnknownNameError: If a photo is not among the photos.
        """
        for pair in pairs:
            for text in (pair.text,) if pair.second is None else (pair.text, pair.second):
                check_text(text)
                check_pointers(text, pair.photo, len(pair.boxes))
        tokens = self.tokenizer([(pair.text, pair.second) for pair in pairs])
        regions = photos.regions([pair.photo for pair in pairs], [pair.boxes for pair in pairs], self.grid)
        return Inputs(tokens, regions, 1 + self.grid**2)


def check_pointers(text: str, photo: str, boxes: int) -> None:
    """Refuses a text that points to a box which is not there.

    Args:
        text: Words.
        photo: Its name, for the error.
        boxes: How many it has.

    Raises:
        InputError: If it does.
    """
    if beyond := [number for number in pointers(text) if number >= boxes]:
        raise InputError(f"text: {text!r} points to box {beyond[0]} of photo {photo}, which has {boxes}.")
