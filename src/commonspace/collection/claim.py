"""Making a folder into a new collection: whole or not at all, beside whatever it replaces."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commonspace.errors import StorageError

from .lock import LOCK, writing
from .manifest import FILE, UNFINISHED, Manifest, index_file, map_file, space_folder, table_folder

# What `create`, `build_map` and `build_index` make: items.lance, space, map.parquet and index.json, with a number from
# the second collection on; and what a kill leaves of a file that was being written.
_OURS = re.compile(r"(?:items(?:-(?P<n>\d+))?\.lance|space(?:-(?P<m>\d+))?|map(?:-\d+)?\.parquet|index(?:-\d+)?\.json)")
_REMAINS = re.compile(
    rf"\.(?:{re.escape(FILE)}|space(?:-\d+)?|map(?:-\d+)?\.parquet|index(?:-\d+)?\.json)\.[0-9a-f]{{8}}\.(?:tmp|old)"
)


@contextmanager
def claimed(folder: Path, *, overwrite: bool) -> Iterator[int]:
    """Makes `folder` ready for a new collection, which the block writes, and keeps other writers out meanwhile.

    A collection that is there stays as it is until the block has written the manifest, which names other folders than
    the old one did; only then the old ones are removed. If the block fails, only what it made is removed.

    Yields:
        The generation of the new collection, which tells its folders from those of the one it replaces.

    Raises:
        StorageError: If the folder holds a collection and `overwrite` is not set, or holds other things.
    """
    _refuse(folder, overwrite=overwrite)  # before the first byte is written
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    with writing(folder):
        _refuse(folder, overwrite=overwrite)  # another process may have been faster
        try:
            if not (folder / FILE).exists():
                (folder / UNFINISHED).touch()  # from here to the end: tells our remains from a stranger's files
                _remove(folder, keep=None)
            generation = _next_generation(folder)
        except OSError as error:
            raise _unwritable(folder, error) from error
        try:
            yield generation
        except BaseException:
            if not _written(folder, generation):  # an interrupt may come when all is done
                abandon(folder, generation)
            raise
        _remove(folder, keep=generation)
        (folder / UNFINISHED).unlink(missing_ok=True)


def abandon(folder: Path, generation: int) -> None:
    """Takes back a creation that failed: removes what it made, and nothing of a collection that was there before."""
    for path in (folder / table_folder(generation), folder / space_folder(generation)):
        shutil.rmtree(path, ignore_errors=True)
    (folder / UNFINISHED).unlink(missing_ok=True)


def _refuse(folder: Path, *, overwrite: bool) -> None:
    """Raises where there may be no new collection."""
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file. Pick a folder.")
    try:
        names = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    except OSError as error:
        raise _unwritable(folder, error) from error
    if names <= {LOCK}:
        return
    if not names & {FILE, UNFINISHED}:
        raise StorageError(f"{folder} holds other things and is left alone. Pick another folder.")
    if FILE in names and not _is_ours(folder):
        raise StorageError(f"{folder} holds a {FILE} of something else and is left alone. Pick another folder.")
    if FILE in names and not overwrite:  # a half-made one never held anything, and is begun anew
        raise StorageError(
            f"{folder} holds a collection already: open it with Collection.open, pick another folder, "
            "or pass overwrite=True."
        )


def _is_ours(folder: Path) -> bool:
    """Whether collection.json may be replaced: other tools write files of that name too.

    A damaged one is ours if the vectors are there.
    """
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return any(_OURS.fullmatch(entry.name) and entry.name.endswith(".lance") for entry in folder.iterdir())
    return isinstance(content, dict) and {"format", "dim", "generation"} <= set(content)


def _written(folder: Path, generation: int) -> bool:
    try:
        return Manifest.read(folder).generation == generation
    except StorageError:
        return False


def _next_generation(folder: Path) -> int:
    found = [_OURS.fullmatch(entry.name) for entry in folder.iterdir()]
    return max((int(match["n"] or match["m"] or 0) + 1 for match in found if match), default=0)


def _remove(folder: Path, *, keep: int | None) -> None:
    """Removes what earlier creations made, all but one generation of it, and nothing else."""
    kept = set() if keep is None else {table_folder(keep), space_folder(keep), map_file(keep), index_file(keep)}
    for entry in list(folder.iterdir()):
        if entry.name not in kept and (_OURS.fullmatch(entry.name) or _REMAINS.fullmatch(entry.name)):
            if entry.is_dir() and not entry.is_symlink():
                # What cannot be removed is not named by the manifest, so it is only in the way of space.
                shutil.rmtree(entry, ignore_errors=keep is not None)
            else:
                entry.unlink(missing_ok=True)


def _unwritable(folder: Path, error: OSError) -> StorageError:
    return StorageError(f"cannot write {folder}: {error.strerror or error}. Choose another place.")
