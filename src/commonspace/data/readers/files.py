"""The files of one kind in a folder, found by the names that tables and lists give them. No file is opened."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import ClassVar

from commonspace.errors import StorageError


class Files:
    """The files of one kind among those of a folder and its sub-folders, in the order of their paths.

    Args:
        root: The folder.
        names: The names of all its files, relative to it; see `walk`.

    Attributes:
        names: Of those of this kind, sorted, without the ones below.
        garbled: Names that are no text in UTF-8, which no table and no collection can hold.
        what: What such a file is called.
        endings: How their names end.
        heads: How their content begins; empty where it is not looked at.
    """

    what: ClassVar[str]
    endings: ClassVar[tuple[str, ...]]
    heads: ClassVar[tuple[bytes, ...]] = ()

    def __init__(self, root: Path, names: Iterable[str]) -> None:
        self.root = root
        own = sorted(name for name in names if self.names_one(name))
        self.names = [name for name in own if _is_utf8(name)]
        self.garbled = [name for name in own if not _is_utf8(name)]
        self._known = set(self.names)
        named = [(key, name) for name in self.names for key in {PurePath(name).name, PurePath(name).stem}]
        self._by_name = _meant(named)
        every = [*named, *((name, name) for name in self.names)]
        self._in_any_case = _meant((key.casefold(), name) for key, name in every)

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def names_one(cls, value: object) -> bool:
        """Whether it is text that ends as the name of such a file does."""
        return isinstance(value, str) and value.lower().endswith(cls.endings)

    @classmethod
    def is_one(cls, value: object) -> bool:
        """Whether a value of a table is such a file, by its name or by its first bytes."""
        return cls.names_one(value) or (isinstance(value, bytes) and value.startswith(cls.heads))

    def path(self, name: str) -> str:
        """The path of a file of this folder, by its name relative to the folder."""
        return str(self.root / name)

    def name(self, value: str) -> str | None:
        """The file, relative to the folder, that is meant by a relative path, a file name, or one without ending.

        Capitals count only where names differ in nothing else. Where several files have that name, it means none.
        """
        value = value.strip().replace("\\", "/").removeprefix("./")
        if value in self._known:
            return value
        return self._by_name[value] if value in self._by_name else self._in_any_case.get(value.casefold())

    def find(self, value: str) -> tuple[str | None, str]:
        """The path that is meant by a value of a table, or None and the reason."""
        if value.lower().startswith(("http://", "https://")):
            return None, f"{value} is an address; download the {self.what} and give its file."
        name = self.name(value)
        path = self.root / (name or value.strip())
        try:
            size = path.stat().st_size if path.is_file() else None
        except (OSError, ValueError):  # ValueError: a NUL in the name
            size = None
        if size is None:
            many = self._by_name.get(PurePath(value).name, "") is None
            return None, f"{value!r} lies in several sub-folders; give its path." if many else (
                f"no file {value!r} in {self.root}."
            )
        return (str(path), "") if size else (None, f"{value!r} is empty (0 bytes).")


def _is_utf8(name: str) -> bool:
    """Whether it can be written in UTF-8: what a file system holds as other bytes cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _meant(named: Iterable[tuple[str, str]]) -> dict[str, str | None]:
    """Key -> the file it means, None where it means several."""
    found: dict[str, str | None] = {}
    for key, name in named:
        found[key] = name if found.get(key, name) == name else None
    return found


def _refuse(error: OSError) -> None:
    raise StorageError(f"{error.filename}: the folder cannot be read: {error.strerror}.") from error


def walk(root: Path, depth: int | None = None) -> list[str]:
    """The names of all files in a folder and its sub-folders, without hidden ones, relative to the folder.

    Links to folders are followed, each folder once.

    Args:
        root: The folder.
        depth: How many levels of sub-folders to look into. None looks into all.

    Raises:
        StorageError: If a folder cannot be read.
    """
    found: list[str] = []
    seen = {os.path.realpath(root)}
    for folder, folders, files in os.walk(root, followlinks=True, onerror=_refuse):
        relative = Path(folder).relative_to(root)
        kept = []
        for name in sorted(folders):
            real = os.path.realpath(Path(folder) / name)
            deep = depth is not None and len(relative.parts) >= depth
            if not name.startswith(".") and not deep and real not in seen:
                seen.add(real)
                kept.append(name)
        folders[:] = kept
        found += [(relative / f).as_posix() for f in files if not f.startswith(".")]
    return found
