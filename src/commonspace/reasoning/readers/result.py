"""What a reader gives: examples, the files of their photos, and what was skipped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

E = TypeVar("E")


@dataclass(frozen=True)
class Read(Generic[E]):
    """What was read of published files.

    Attributes:
        examples: At least one, in the order of the file.
        photos: Name -> file, of the examples' photos alone.
        skipped: The name of a photo or of a record -> why it is in no example.
    """

    examples: list[E]
    photos: dict[str, Path]
    skipped: dict[str, str]
