"""Pictures by their colours, and where these are."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .one_by_one import encode_one_by_one
from .pictures import read_pixels

SIDE = 72
HALVES = (slice(SIDE // 2), slice(SIDE // 2, SIDE))
QUARTERS = tuple((rows, columns) for rows in HALVES for columns in HALVES)
LEVELS = (8, 3, 3)
"""Of hue, saturation and value."""

LENGTH = 16.0
"""Of a row: about that of the rows of EfficientNet-Lite, beside which colours are to count."""


class Colours:
    r"""A picture as the colours of its quarters: 72 shares each of 8 hues x 3 saturations x 3 values.

    The whole picture is resized to 72 x 72 pixels. With $p_{qc}$ the share of the pixels of quarter q that have colour
    c, a row is $8 \sqrt{p_{qc}}$, of length 16, so that the cosine of two rows is the mean Bhattacharyya
    coefficient of their quarters' colours. By itself it knows no things; it is meant to stand beside a network, such as
    `efficientnet-lite0+colours`, since those trained on photos see little of the colours of drawings.

    References:
        M. J. Swain, D. H. Ballard, Color indexing, International Journal of Computer Vision 7(1), 1991.
    """

    kind = "image"
    name = "colours"
    dim = len(QUARTERS) * int(np.prod(LEVELS))
    fingerprint = sha256(f"colours 1: {SIDE} {LEVELS} {LENGTH}, bicubic, quarters".encode()).hexdigest()[:16]

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes pictures.

        Args:
            items: n paths, bytes of files, Pillow images or arrays of bytes.

        Returns:
            (n, 288) float32.

        Raises:
            UnreadableItemsError: If some items are no pictures.
        """
        return encode_one_by_one(items, self.dim, lambda item: _colours(read_pixels(item, SIDE)))


def _colours(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The row of one picture (SIDE, SIDE, 3)."""
    hsv = np.asarray(Image.fromarray(pixels).convert("HSV"), np.int64)
    colour = np.ravel_multi_index(tuple(np.moveaxis(hsv * LEVELS // 256, -1, 0)), LEVELS)
    shares = [np.bincount(colour[quarter].ravel(), minlength=int(np.prod(LEVELS))) for quarter in QUARTERS]
    row: NDArray[np.float64] = LENGTH * np.sqrt(np.concatenate(shares) / colour.size)
    return row
