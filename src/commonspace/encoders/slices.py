"""Reading slices of scans: whatever comes in, grey of a normalised range comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from commonspace.errors import InputError

from .arrays import as_array
from .pictures import UNREADABLE, upright

Slices = NDArray[np.float64]

BACKGROUND = 0.05
"""What is less than this share of the range above its lower end is background."""
_LOW, _HIGH, _WHITE = 1, 99.9, 99
"""Percentiles: the ends of the range, and what becomes white."""
_COLOURS = (3, 4)


def read_slices(item: object) -> Slices:
    """One slice, or a registered stack of slices, as (s, h, w) numbers, unscaled; NaN where there is no measurement.

    Pictures in colour, as those of PET and SPECT often are, become the brightest of their channels. Transparency is
    laid over black. Of a file with several pages each is a slice.

    Args:
        item: A path, the bytes of a file, a Pillow image, an array (h, w) or (s, h, w), an .npy file of one; or a list
            or tuple of such slices.

    Raises:
        InputError: If it cannot be read, slices differ in size, or a number is infinite.
    """
    try:
        if isinstance(item, list | tuple):
            return _checked([slice_ for part in item for slice_ in _read(part)])
        return _checked(list(_read(item)))
    except UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        told = item if isinstance(item, str | Path) else type(item).__name__
        raise InputError(f"scan: cannot read {told} as a slice: {str(error).rstrip('.')}.") from error


def normalised(slices: Slices) -> Slices:
    r"""Slices with the background at 0 and the brightest tissue at 1, by percentiles of the whole stack.

    $\min(1, \max(0, (x - b) / (w - b)))$, where b is the 1st percentile of all numbers and w the 99th of those that
    are no background: more than 5% of the way from b to the 99.9th. So scans of all ranges (bytes, Hounsfield units,
    counts) come out alike, and a few very bright pixels do not darken the rest. What has one value only, or none,
    is 0 throughout.
    """
    known = slices[~np.isnan(slices)]
    if not known.size:
        return np.zeros_like(slices)
    black, top = np.percentile(known, [_LOW, _HIGH])
    tissue = known[known > black + BACKGROUND * (top - black)]
    if not tissue.size or (white := np.percentile(tissue, _WHITE)) <= black:
        return np.zeros_like(slices)
    scaled: Slices = np.nan_to_num(np.clip((slices - black) / (white - black), 0, 1), nan=0.0)
    return scaled


def _read(item: object) -> Iterator[Slices]:
    """The slices (h, w) of one file, picture or array."""
    array = as_array(item)
    if array is not None:
        if array.ndim == 3 and array.shape[-1] in _COLOURS and array.shape[-1] < min(array.shape[:2]):
            raise ValueError(f"expected an array (h, w) or (s, h, w), got colours {array.shape}; give one channel")
        if array.ndim not in (2, 3):
            raise ValueError(f"expected an array (h, w) or (s, h, w), got {array.shape}")
        yield from (array if array.ndim == 3 else array[None]).astype(np.float64)
        return
    if isinstance(item, Image.Image):
        picture = item
    elif isinstance(item, str | Path | bytes):
        content = item if isinstance(item, bytes) else Path(item).read_bytes()
        try:
            picture = Image.open(BytesIO(content))
        except UnidentifiedImageError as error:
            raise ValueError("it is in no known format") from error
    else:
        raise TypeError("expected a path, bytes, a Pillow image, an array or a list of these")
    for page in ImageSequence.Iterator(picture):
        yield _grey(upright(page))


def _grey(picture: Image.Image) -> Slices:
    """(h, w) from a picture of any mode, without loss where it is grey."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture)
    if picture.mode == "1":
        picture = picture.convert("L")
    grey = picture.mode in ("L", "F") or picture.mode.startswith("I")
    numbers = np.asarray(picture if grey else picture.convert("RGB"), np.float64)
    return numbers if grey else numbers.max(-1)


def _checked(slices: Sequence[Slices]) -> Slices:
    if not slices:
        raise ValueError("it holds no slice")
    shapes = [slice_.shape for slice_ in slices]
    odd = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), None)
    if odd is not None:
        raise InputError(
            f"scan: the slices of a stack must be of one size, but slice 0 is {shapes[0][0]} x {shapes[0][1]} and "
            f"slice {odd} {shapes[odd][0]} x {shapes[odd][1]}. Register them, or give them as items of their own."
        )
    stack = np.stack(slices)
    if 0 in stack.shape:
        raise ValueError(f"it is of size {shapes[0]}")
    if np.isinf(stack).any():
        raise ValueError("it holds infinite numbers; NaN is taken where there is no measurement")
    if np.isnan(stack).all():
        raise ValueError("it holds nothing but NaN")
    return stack
