"""Where commonspace may write without being asked, and how anything is written: whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import InputError, StorageError

DRAWINGS = ("svg", "png", "pdf")
"""Endings of drawings."""


def cache_directory() -> Path:
    """The one folder that is written without being asked: `$COMMONSPACE_CACHE`, else the user's cache folder."""
    given = os.environ.get("COMMONSPACE_CACHE")
    if given:
        return Path(given).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("commonspace")


def check_replaceable(path: Path, names: Collection[str], what: str, *, over: str | None = None) -> None:
    """Refuses a place for a folder where something would be lost that nobody gave up.

    Args:
        path: Where the folder is to be: nothing may be there, an empty folder, or one that holds these names alone.
        names: What such a folder holds.
        what: What it is called, such as "a saved space".
        over: What names of files begin with that are of no more use.

    Raises:
        StorageError: If something else is there, or the place cannot be read, or the process works in it.
    """
    try:
        found = {entry.name for entry in path.iterdir()} if path.is_dir() else {""} if path.exists() else set()
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}. Choose another folder.") from error
    left = {name for name in found if over is None or not name.startswith(over)}
    if left and left != set(names):
        raise StorageError(
            f"{path} exists and is not {what}, or holds more than that; it is left alone. Choose another folder."
        )
    if path.exists() and Path.cwd().is_relative_to(path.resolve()):
        raise StorageError(f"{path} is the folder that you work in, which would be replaced. Choose another folder.")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary sibling of `path` to write to (a file or a folder) and puts it in place at the end.

    A reader sees the old content or the new, never half of it; of a folder that is replaced, for an instant neither.
    If the block raises, `path` is as it was.

    Args:
        path: The file or folder to create or replace. Its parent folder is created. Of a link what it points to is
            replaced, and the link stays.

    Raises:
        StorageError: If the disk is full or the place may not be written.
    """
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if temporary.is_dir() and path.exists():
            _exchange(path, temporary)
        else:
            temporary.replace(path)
    except OSError as error:
        inside = path.is_relative_to(cache_directory())
        place = "set COMMONSPACE_CACHE to another folder" if inside else "choose another place"
        raise StorageError(f"cannot write {path}: {error.strerror or error}. Free space or {place}.") from error
    finally:
        with suppress(OSError):  # would hide the error that is on its way
            if temporary.is_dir():
                shutil.rmtree(temporary)
            else:
                temporary.unlink(missing_ok=True)


def save_figure(figure: Any, path: str | Path) -> None:
    """Writes a drawing of matplotlib, by the ending of the path.

    Raises:
        InputError: If the ending is none of a drawing.
        StorageError: If the file cannot be written.
    """
    target = Path(path)
    kind = drawing_kind(target)
    without_formulas(figure)
    with replacing(target) as temporary:
        figure.savefig(temporary, format=kind)


def without_formulas(figure: Any) -> None:
    """Has all texts of a drawing of matplotlib drawn as they are: between two dollars it would read a formula."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)


def drawing_kind(path: str | Path) -> str:
    """What kind of drawing a path asks for: "svg", "png" or "pdf"; without ending "svg".

    Raises:
        InputError: If it asks for another.
    """
    ending = Path(path).suffix.lower().lstrip(".") or "svg"
    if ending not in DRAWINGS:
        raise InputError(f"{path}: a drawing ends in one of .{', .'.join(DRAWINGS)}, got .{ending}.")
    return ending


def _exchange(path: Path, temporary: Path) -> None:
    """Puts one folder in the place of another, or leaves the other where it was."""
    old = temporary.with_suffix(".old")
    path.rename(old)
    try:
        temporary.rename(path)
    except OSError:
        old.rename(path)
        raise
    shutil.rmtree(old)
