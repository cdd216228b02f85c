"""What every reasoner asks of the boxes and options it is given, and how it tells a box."""

from __future__ import annotations

from collections.abc import Sequence

from commonspace.errors import InputError

from .inputs import Box
from .photos import check_boxes
from .tokens import check_text

PHOTO = "the photo"
"""What errors call it."""


def plain_boxes(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Boxes as plain numbers.

    Args:
        boxes: Left, top, right, bottom as shares of the photo.

    Raises:
        InputError: If they are none, or lie outside the photo.
    """
    return tuple((left, top, right, bottom) for left, top, right, bottom in check_boxes(boxes, PHOTO).tolist())


def check_candidates(boxes: Sequence[Box]) -> list[Box]:
    """Boxes to choose from, as plain numbers.

    Args:
        boxes: As in `plain_boxes`.

    Raises:
        InputError: As `plain_boxes`, or if there is none to choose.
    """
    found = list(plain_boxes(boxes))
    if not found:
        raise InputError("boxes: expected at least one to choose from, got none; leave them out if none are known.")
    return found


def check_options(options: Sequence[str]) -> None:
    """Refuses what leaves no choice.

    Raises:
        InputError: If there are fewer than two, or one is no text or empty.
    """
    if isinstance(options, str):
        raise InputError(f"options: expected a list of texts to choose from, got the text {options!r:.80}.")
    if len(options) < 2:
        raise InputError(f"options: expected at least two to choose from, got {len(options)}.")
    for option in options:
        check_text(option)


def place(box: Box) -> str:
    """Where a box is, in words."""
    return "({:.2f}, {:.2f}) to ({:.2f}, {:.2f})".format(*box)
