"""Examples while they are read: photos are looked for, and what cannot be used is listed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

from commonspace.data.readers.files import walk
from commonspace.data.readers.pictures import Pictures
from commonspace.errors import InputError
from commonspace.reasoning.tokens import POINTER

from .result import Read

E = TypeVar("E")

_logger = logging.getLogger("commonspace")


class Gathering(Generic[E]):
    """Examples of one file, as they are read.

    Args:
        source: The file.
        photos: The folder of the photos; they may lie in sub-folders of it.

    Raises:
        StorageError: If the folder cannot be read.
    """

    def __init__(self, source: Path, photos: Path) -> None:
        self._source = source
        self._pictures = Pictures(photos, walk(photos))
        self._examples: list[E] = []
        self._photos: dict[str, Path] = {}
        self._skipped: dict[str, str] = {}

    def find(self, *names: str, folder: str | None = None) -> dict[str, Path] | None:
        """The files of photos, or None where one is not there; that one is listed as skipped.

        Args:
            names: Of the photos, as file names, or paths within the folder.
            folder: A sub-folder in which they are looked for first.
        """
        found = dict[str, Path]()
        for name in names:
            places = [name] if folder is None else [f"{folder}/{name}", name]
            path, reason = None, ""
            while path is None and places:
                path, reason = self._pictures.find(places.pop(0))
            if path is None:
                self.skip(name, reason)
            else:
                found[name] = Path(path)
        return found if len(found) == len(set(names)) else None

    def has_words(self, name: str, *texts: str) -> bool:
        """Whether there is something in each text; a record where there is not is listed as skipped.

        Args:
            name: Of the record.
            texts: What the model would be given.
        """
        if all(text.strip() for text in texts):
            return True
        self.skip(name, "a text of it has no words.")
        return False

    def skip(self, name: str, reason: str) -> None:
        """Lists a photo or a record as skipped."""
        self._skipped.setdefault(name, reason)

    def add(self, example: E, photos: Mapping[str, Path]) -> None:
        """Takes an example, with the files of its photos."""
        self._examples.append(example)
        self._photos.update(photos)

    def read(self) -> Read[E]:
        """All there is. What was skipped is told in one line of the log.

        Raises:
            InputError: If there is no example.
        """
        count = len(self._skipped)
        first = next((f"{name}: {reason}" for name, reason in self._skipped.items()), "it holds no record.")
        if not self._examples:
            raise InputError(f"{self._source}: no example could be read, {count} photos or records skipped; {first}")
        if count:
            _logger.warning(
                "%s: %d examples read, %d photos or records skipped, the first %s",
                *(self._source, len(self._examples), count, first),
            )
        return Read(self._examples, self._photos, self._skipped)


def plain(text: str) -> str:
    """A text in which no word points to a box: "[2]" becomes "(2)"."""
    return POINTER.sub(r"(\1)", text)
