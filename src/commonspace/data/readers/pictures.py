"""The picture files of a folder."""

from __future__ import annotations

from typing import ClassVar

from .files import Files
from .sounds import Sounds


class Pictures(Files):
    """The pictures of a folder and its sub-folders."""

    what: ClassVar[str] = "picture"
    endings: ClassVar[tuple[str, ...]] = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff")

    @classmethod
    def is_one(cls, value: object) -> bool:
        """Whether a value of a table is a picture: by its name, or bytes that are no sound."""
        return cls.names_one(value) or (isinstance(value, bytes) and not Sounds.is_one(value))


def is_picture_name(value: object) -> bool:
    """Whether it is text that ends as the name of a picture file does."""
    return Pictures.names_one(value)
