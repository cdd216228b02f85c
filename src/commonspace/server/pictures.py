"""Pictures that come from clients, and pictures that go to them."""

from __future__ import annotations

import binascii
import warnings
from base64 import b64decode
from collections import OrderedDict
from io import BytesIO
from pathlib import Path
from stat import S_ISREG
from threading import Lock

from PIL import Image

from commonspace.encoders.pictures import open_picture, upright
from commonspace.errors import InputError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""Kinds of files that are decoded; no other decoder of Pillow sees what a stranger sends."""

STORED_FORMATS = (*FORMATS, "TIFF")
"""And what the files of stored pictures may be in addition, which are ours."""

SIDES = (96, 256, 1024)
"""Longest sides in which stored pictures are sent."""

MOST_BYTES = 256_000_000
"""Of the file of a stored picture."""

KEPT_BYTES = 64_000_000
"""Of pictures made ready, which are kept in memory."""


def received_picture(encoded: str, most_pixels: int) -> Image.Image:
    """The picture that a client sent as base64.

    Args:
        encoded: The bytes of a file.
        most_pixels: That it may have; told by its header, before anything is unpacked.

    Raises:
        InputError: If it is no such text, no picture of a kind that is taken, or too large.
    """
    try:
        content = b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"image: expected a picture's bytes as base64 ({error}).") from error
    return unpacked(content, most_pixels)


def stored_content(path: str) -> bytes:
    """The bytes of the file of a stored item.

    Raises:
        InputError: If it is gone, no file, too large, or cannot be read.
    """
    file = Path(path)
    try:
        found = file.stat()
        if S_ISREG(found.st_mode) and found.st_size <= MOST_BYTES:  # a pipe would keep us waiting, a device never end
            return file.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError("image: the file of this item cannot be read where it was when it was stored.") from error
    raise InputError(f"image: expected a file of at most {MOST_BYTES:,} bytes where this item was when it was stored.")


def unpacked(content: bytes, most_pixels: int, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """The picture in RGB of the bytes of a file, of one of these kinds.

    Raises:
        InputError: If it is no picture of a kind that is taken, damaged, or too large.
    """
    picture = _opened(content, most_pixels, formats)
    try:
        return open_picture(picture)
    except Exception as error:  # decoders raise all sorts of things of damaged files
        raise InputError(f"image: the picture is damaged ({type(error).__name__}).") from error


def _opened(content: bytes, most_pixels: int, formats: tuple[str, ...]) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is ours
            picture = Image.open(BytesIO(content), formats=formats)
    except Image.DecompressionBombError as error:
        raise InputError(f"image: at most {most_pixels:,} pixels are taken; make it smaller.") from error
    except Exception as error:
        kinds = ", ".join(formats)
        raise InputError(f"image: expected a picture as {kinds}, got {len(content):,} bytes that are none.") from error
    if picture.width * picture.height > most_pixels:
        raise InputError(
            f"image: at most {most_pixels:,} pixels are taken, got {picture.width} x {picture.height}; make it smaller."
        )
    return picture


class Thumbnails:
    """Stored pictures, drawn anew in one of three sizes: what leaves is what was decoded, whatever the file holds.

    Args:
        most_pixels: Of a stored picture.
        kept_bytes: Of those that were asked for last, in memory.
    """

    def __init__(self, most_pixels: int, kept_bytes: int = KEPT_BYTES) -> None:
        self.most_pixels, self.kept_bytes = most_pixels, kept_bytes
        self._kept: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._size, self._lock = 0, Lock()

    def get(self, path: str, side: int) -> bytes:
        """A PNG of the picture, its longest side at most this long.

        Args:
            path: Of a stored item's own content, never of a client.
            side: One of `SIDES`.

        Raises:
            InputError: If it is gone, or no picture.
        """
        try:
            changed = Path(path).stat().st_mtime_ns
        except (OSError, ValueError):
            changed = 0  # it cannot be read either
        key = (path, changed, side)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = self._make(path, side)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = made
                self._size += len(made)
            while self._size > self.kept_bytes:
                self._size -= len(self._kept.popitem(last=False)[1])
        return made

    def _make(self, path: str, side: int) -> bytes:
        content = stored_content(path)
        picture = _opened(content, self.most_pixels, STORED_FORMATS)
        try:
            picture.draft(None, (2 * side, 2 * side))  # of a JPEG, no more is unpacked than is needed
            clear = picture.has_transparency_data
            picture = upright(picture).convert("RGBA") if clear else open_picture(picture)
        except Exception as error:
            raise InputError("image: the file of this item is damaged.") from error
        picture.thumbnail((side, side))
        buffer = BytesIO()
        picture.save(buffer, "PNG", icc_profile=None)  # nothing but pixels
        return buffer.getvalue()
