"""Variations of a picture whose features are averaged: its mirror image, its crops."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

AUGMENTATIONS = ("flip", "crops")
SHARE = 7 / 8
"""The width of a crop, as a share of the picture's."""


def augment(pixels: NDArray[np.uint8], options: Collection[str]) -> Iterator[NDArray[np.uint8]]:
    """The variations of pictures (n, side, side, 3) that the options ask for, the pictures themselves first."""
    sources = [pixels, *(_crops(pixels) if "crops" in options else ())]
    for source in sources:
        yield source
        if "flip" in options:
            yield np.ascontiguousarray(source[:, :, ::-1])


def _crops(pixels: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The four corners and the centre, brought back to the pictures' size."""
    side = pixels.shape[1]
    margin = side - round(SHARE * side)
    for top, left in ((0, 0), (0, margin), (margin, 0), (margin, margin), (margin // 2, margin // 2)):
        box = (left, top, left + side - margin, top + side - margin)
        yield np.stack(
            [np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BICUBIC, box=box)) for p in pixels]
        )
