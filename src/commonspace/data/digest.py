"""A digest of what a raw item holds, whatever it is called and wherever it lies."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from commonspace.errors import InputError

_ORIENTATION = 0x0112  # the number of this tag in EXIF


def content_digest(item: object, kind: str) -> bytes:
    """16 bytes that depend on an item's content alone: a picture under two names has one digest.

    Args:
        item: A string, a path, bytes, an array or a Pillow image.
        kind: "image", for which a string is a path, or "text", for which it is the text itself.

    Raises:
        InputError: If a path cannot be read or the item is of another type.
    """
    return blake2b(_content(item, kind), digest_size=16, person=kind.encode()[:16]).digest()


def _content(item: object, kind: str) -> bytes:
    if isinstance(item, str) and kind == "text":
        return item.encode("utf-8", "surrogatepass")
    if isinstance(item, str | Path):
        try:
            return Path(item).read_bytes()
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            raise InputError(
                f"{kind}: cannot read {str(item)!r}: {getattr(error, 'strerror', None) or error}."
            ) from error
    if isinstance(item, bytes):
        return item
    pixels = np.asarray(item)
    if pixels.dtype == object:
        raise InputError(f"{kind}: expected a path, bytes, a picture or a text, got {type(item).__name__}.")
    return f"{_reading(item)} {pixels.dtype} {pixels.shape} ".encode() + pixels.tobytes()


def _reading(item: Any) -> str:
    """What a Pillow image says of how its numbers become colours and which way is up."""
    if not hasattr(item, "getexif"):
        return ""
    return f"{item.mode} {item.getpalette()} {item.info.get('transparency')} {item.getexif().get(_ORIENTATION)}"
