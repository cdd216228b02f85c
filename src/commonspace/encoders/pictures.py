"""Reading pictures: whatever comes in, RGB pixels of one size come out.

Rules: orientation from EXIF is applied; alpha is laid over white; greyscale, palette and CMYK become RGB; of an
animation the first frame is taken; the whole picture is resized, without cropping, to the square the network reads.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from commonspace.errors import InputError


def read_pixels(item: object, size: int) -> NDArray[np.uint8]:
    """One picture as (size, size, 3) bytes.

    Args:
        item: A path, the bytes of a file, a Pillow image, or an array (h, w), (h, w, 3) or (h, w, 4) of bytes.
        size: The side of the square.

    Raises:
        InputError: If it cannot be read as a picture.
    """
    try:
        picture = ImageOps.exif_transpose(_open(item))
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        return np.asarray(picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC))
    except (OSError, ValueError, TypeError, SyntaxError, Image.DecompressionBombError) as error:
        told = item if isinstance(item, str | Path) else type(item).__name__
        raise InputError(f"image: cannot read {told} as a picture: {error}.") from error


def _open(item: object) -> Image.Image:
    if isinstance(item, Image.Image):
        return item
    if isinstance(item, bytes):
        return Image.open(BytesIO(item))
    if isinstance(item, np.ndarray):
        return Image.fromarray(item)
    return Image.open(item)  # type: ignore[arg-type]
