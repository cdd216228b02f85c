"""The sound files of a folder."""

from __future__ import annotations

from typing import ClassVar

from .files import Files


class Sounds(Files):
    """The sounds of a folder and its sub-folders."""

    what: ClassVar[str] = "sound"
    endings: ClassVar[tuple[str, ...]] = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff")
    heads: ClassVar[tuple[bytes, ...]] = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"FORM", b"\xff\xfb", b"\xff\xf3")

    @classmethod
    def is_one(cls, value: object) -> bool:
        """Whether a value of a table is a sound, by its name or by its first bytes."""
        webp = isinstance(value, bytes) and value[8:12] == b"WEBP"  # which begins with RIFF too
        return super().is_one(value) and not webp
