"""Reading pictures: whatever comes in, RGB comes out.

Rules: orientation from EXIF is applied; alpha is laid over white; greyscale, palette and CMYK become RGB; 16 bits a
pixel are scaled to 8; of an animation the first frame is taken. `read_pixels` resizes the whole picture, without
cropping, to the square the network reads.
"""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from commonspace.errors import InputError

from .arrays import as_array

BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    RuntimeError,
    IndexError,
    EOFError,
    struct.error,
    *BOMBS,
)
"""What Pillow raises of files that are no pictures, or of kinds or sizes that it does not read; its warning of a large
one, where warnings are errors."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Orientation in EXIF -> what makes the picture upright."""


def read_pixels(item: object, size: int) -> NDArray[np.uint8]:
    """One picture as (size, size, 3) bytes.

    Args:
        item: A path, the bytes of a file, a Pillow image, or an array (h, w), (h, w, 3) or (h, w, 4) of bytes; also
            as an .npy file.
        size: The side of the square.

    Raises:
        InputError: If it cannot be read as a picture.
    """
    return np.asarray(open_picture(item).resize((size, size), Image.Resampling.BICUBIC))


def open_picture(item: object) -> Image.Image:
    """One picture in RGB, at its own size.

    Args:
        item: As in `read_pixels`.

    Raises:
        InputError: If it cannot be read as a picture.
    """
    try:
        picture = _eight_bits(upright(_open(item)))
        if 0 in picture.size:
            raise ValueError(f"it is of size {picture.size}")
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        return picture.convert("RGB")
    except UNREADABLE as error:
        told = item if isinstance(item, str | Path) else type(item).__name__
        raise InputError(f"image: cannot read {told} as a picture: {error}.") from error


def upright(picture: Image.Image) -> Image.Image:
    """The picture turned as its EXIF says; the picture itself where it says nothing of that.

    Pillow's own `exif_transpose` also writes the EXIF anew, which fails where a field that nobody needs is odd.
    """
    picture.load()  # a TIFF is turned by this already
    turn = _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    return picture if turn is None else picture.transpose(turn)


def _open(item: object) -> Image.Image:
    if isinstance(item, Image.Image):
        return item
    array = as_array(item)
    if array is not None:
        if array.dtype != np.uint8:
            raise TypeError(f"expected an array of bytes (uint8), got {array.dtype}")
        return Image.fromarray(array)
    if not isinstance(item, str | Path | bytes):
        raise TypeError("expected a path, bytes, a Pillow image or an array")
    content = item if isinstance(item, bytes) else Path(item).read_bytes()  # Pillow would leave some files open
    try:
        return Image.open(BytesIO(content))
    except UnidentifiedImageError as error:
        raise ValueError("it is in no known format") from error


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Pillow itself would clip deeper greyscale at 255, which leaves little but white."""
    if picture.mode == "F":
        raise ValueError("its pixels are floating-point numbers, of which no range is known; scale them to bytes")
    if picture.mode.startswith("I"):
        return Image.fromarray((np.clip(np.asarray(picture), 0, 65535) >> 8).astype(np.uint8))
    return picture
