"""Boxes in pixels as shares of their photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commonspace.errors import InputError
from commonspace.reasoning.inputs import Box

from .json_files import Record, is_number, shown


def numbers(value: object, count: int, where: str) -> list[float]:
    """The numbers of a box.

    Args:
        value: What was read.
        count: How many there are.
        where: The file, the place and the field, for the error.

    Raises:
        InputError: If it is no list of so many.
    """
    if not isinstance(value, list | tuple) or len(value) != count or not all(map(is_number, value)):
        raise InputError(f"{where}: expected a box of {count} numbers, got {_came(value)}.")
    return [float(number) for number in value]


def box_shares(corners: Sequence[float], photo: Record, where: str) -> Box:
    """A box as shares of the photo, clipped to it.

    Args:
        corners: Left, top, right, bottom in pixels.
        photo: The record with `width` and `height` of the photo.
        where: The file, the place and the field, for the error.

    Raises:
        InputError: If a side has a negative length, or the photo no size.
    """
    left, top, right, bottom = corners
    if right < left or bottom < top:
        raise InputError(
            f"{where}: expected a box with sides of 0 or more pixels, got {right - left} x {bottom - top}."
        )
    width, height = photo.positive("width"), photo.positive("height")
    return _clipped(left / width), _clipped(top / height), _clipped(right / width), _clipped(bottom / height)


def _clipped(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _came(value: Any) -> str:
    return str([shown(item) for item in value[:8]]) if isinstance(value, list | tuple) else shown(value)
