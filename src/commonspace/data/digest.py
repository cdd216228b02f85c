"""A digest of what a raw item holds, whatever it is called and wherever it lies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError

FILE_KINDS = ("image", "audio", "series")
"""Kinds of items for which a string is always a path."""
_ORIENTATION = 0x0112  # the number of this tag in EXIF


def content_digest(item: object, kind: str) -> bytes:
    """16 bytes that depend on an item's content alone: a picture under two names has one digest.

    Args:
        item: A string, a path, bytes, an array or a Pillow image; of kinds other than "text" also a mapping, a list
            or tuple of such, a number or a date.
        kind: "text", for which a string is the text itself; "image", "audio" or "series", for which it is a path; or a
            kind of your own, for which it is a path where there is such a file, else the text itself.

    Raises:
        InputError: If a path cannot be read or the item is of another type.
    """
    return _digest(_content(item, kind), kind)


def _digest(content: bytes, kind: str) -> bytes:
    return blake2b(content, digest_size=16, person=kind.encode()[:16]).digest()


def _content(item: object, kind: str) -> bytes:
    if isinstance(item, str) and kind == "text":
        return item.encode("utf-8", "surrogatepass")
    if isinstance(item, str | Path):
        try:
            return Path(item).read_bytes()
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            if isinstance(item, str) and kind not in FILE_KINDS:
                return item.encode("utf-8", "surrogatepass")
            raise InputError(
                f"{kind}: cannot read {str(item)!r}: {getattr(error, 'strerror', None) or error}."
            ) from error
    if isinstance(item, bytes):
        return item
    if kind != "text":
        if isinstance(item, Mapping):
            fields = sorted((repr(name), _value(value, kind)) for name, value in item.items())
            return b"mapping " + b"".join(
                _digest(part, kind) for name, value in fields for part in (name.encode(), value)
            )
        if isinstance(item, list | tuple):
            return b"sequence " + b"".join(_digest(_content(part, kind), kind) for part in item)
        if item is None or isinstance(item, bool | int | float | dt.date | dt.time):
            return _value(item, kind)
    pixels = np.asarray(item)
    if pixels.dtype == object:
        raise InputError(f"{kind}: expected a path, bytes, a picture or a text, got {type(item).__name__}.")
    return _page(item, pixels) + b"".join(_digest(page, kind) for page in _other_pages(item))


def _value(value: object, kind: str) -> bytes:
    """A field of a mapping, whose strings are no paths."""
    if isinstance(value, Mapping | list | tuple | np.ndarray):
        return _content(value, kind)
    return f"{type(value).__name__} {value!r}".encode("utf-8", "surrogatepass")


def _reading(item: Any) -> str:
    """What a Pillow image says of how its numbers become colours and which way is up."""
    if not hasattr(item, "getexif"):
        return ""
    return f"{item.mode} {item.getpalette()} {item.info.get('transparency')} {item.getexif().get(_ORIENTATION)}"


def _page(item: object, pixels: NDArray[Any]) -> bytes:
    return f"{_reading(item)} {pixels.dtype} {pixels.shape} ".encode() + pixels.tobytes()


def _other_pages(item: Any) -> Iterator[bytes]:
    """The pages of a Pillow image beside the open one, which is open again at the end.

    From there on to the last, and only then from the first: of some formats Pillow cannot go back from the middle.
    """
    if not hasattr(item, "tell"):
        return
    place = item.tell()
    with suppress(Exception):  # it has one page, or is closed or damaged, which an encoder of pages tells
        for page in (*range(place + 1, item.n_frames), *range(place)):
            item.seek(page)
            yield _page(item, np.asarray(item))
    with suppress(Exception):
        item.seek(place)
