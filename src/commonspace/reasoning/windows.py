"""Windows of a photo, for when nobody has drawn boxes."""

from __future__ import annotations

from .inputs import Box

HALVES = (2, 3, 4, 6)
"""So many halves of a window make the side of a photo."""


def window_boxes() -> list[Box]:
    """39 boxes: the photo, and windows of two thirds, a half and a third of its sides, each half across the next."""
    found: list[Box] = []
    for halves in HALVES:
        starts = [i / halves for i in range(halves - 1)]
        found += [(x, y, x + 2 / halves, y + 2 / halves) for y in starts for x in starts]
    return [(left, top, min(right, 1.0), min(bottom, 1.0)) for left, top, right, bottom in found]
