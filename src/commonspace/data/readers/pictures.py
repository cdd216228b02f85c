"""The picture files of a folder, found by the names that tables and lists give them. No picture is opened."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

from commonspace.errors import StorageError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff")


def is_picture_name(value: object) -> bool:
    """Whether it is text that ends as the name of a picture file does."""
    return isinstance(value, str) and value.lower().endswith(EXTENSIONS)


class Pictures:
    """The pictures of a folder and its sub-folders, without hidden ones, in the order of their paths.

    Args:
        root: The folder.
        depth: How many levels of sub-folders to look into. None looks into all, -1 not even into the folder.
    """

    def __init__(self, root: Path, depth: int | None = None) -> None:
        self.root = root
        self.names = sorted(_walk(root, depth)) if depth != -1 else []
        self._by_name: dict[str, str | None] = {}
        for name in self.names:
            file = PurePath(name)
            for key in {file.name, file.stem}:
                self._by_name[key] = name if key not in self._by_name else None  # None: several
        self._known = set(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def path(self, name: str) -> str:
        """The path of a picture of this folder, by its name relative to the folder."""
        return str(self.root / name)

    def name(self, value: str) -> str | None:
        """The picture, relative to the folder, that is meant by a relative path, a file name, or one without ending.

        Where several sub-folders hold a file of that name, it means none.
        """
        value = value.strip().replace("\\", "/").removeprefix("./")
        return value if value in self._known else self._by_name.get(value)

    def find(self, value: str) -> tuple[str | None, str]:
        """The path that is meant by a value of a table, or None and the reason."""
        if value.lower().startswith(("http://", "https://")):
            return None, f"{value} is an address; download the picture and give its file."
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


def _refuse(error: OSError) -> None:
    raise StorageError(f"{error.filename}: the folder cannot be read: {error.strerror}.") from error


def _walk(root: Path, depth: int | None) -> list[str]:
    """Names relative to the root; links to folders are followed, each folder once."""
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
        found += [(relative / f).as_posix() for f in files if is_picture_name(f) and not f.startswith(".")]
    return found
