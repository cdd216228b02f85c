"""Readers: what is on disk, or in another library, as items that a `Dataset` can be made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from commonspace.data.problems import Problem
from commonspace.errors import InputError, StorageError

from .arrays import EXTENSIONS, read_arrays
from .folder import read_folder
from .huggingface import read_huggingface
from .layouts import LAYOUTS
from .pictures import is_picture_name
from .reading import Reading, checked
from .sounds import Sounds
from .table import is_table, read_table

__all__ = ["Problem", "Reading", "read", "read_huggingface"]


def read(path: str | Path, *, columns: Mapping[str, str | None] | None = None, strict: bool = False) -> Reading:
    """Reads what lies at a path; what it is decides how.

    | path | read as |
    |---|---|
    | a folder | pictures or sounds with captions beside them or in a table: `readers.folder.read_folder` |
    | .csv .tsv .jsonl .ndjson (also .gz) .parquet | a table: `readers.table.read_table` |
    | .npz .mat .h5 .hdf5 | arrays of features: `readers.arrays.read_arrays` |

    Args:
        path: A folder or a file.
        columns: Role ("image", "audio", "text", "id", "label", "time", "split", "group", or a modality of your own for
            numbers) -> column or array; None for a role that is not to be guessed. What is not named is guessed, and
            `Reading.columns` tells what was taken for what.
        strict: Whether anything that cannot be used is an error. Otherwise it is left out and told in
            `Reading.problems`.

    Raises:
        StorageError: If there is nothing at the path, or a file is damaged.
        InputError: If nothing there can be read, text is not UTF-8, ids repeat, or rows do not match.
        UnknownNameError: If there is no such role or column.

    Example:
        ```python
        reading = read("photos", columns={"text": "caption"})
        data = reading.to_dataset(encoders=encoders, name="photos")
        ```
    """
    path = Path(path)
    try:
        folder, file = path.is_dir(), path.is_file()
    except (PermissionError, ValueError) as error:  # ValueError: a NUL in the name
        raise StorageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    path = path.absolute()  # what is read must be found again from another working directory
    if folder:
        return checked(read_folder(path, columns=columns), strict=strict)
    if not file:
        raise StorageError(f"{path}: no such file or folder. {LAYOUTS}")
    if is_table(path):
        return checked(read_table(path, columns=columns), strict=strict)
    if path.suffix.lower() in EXTENSIONS:
        return checked(read_arrays(path, columns=columns), strict=strict)
    single = "picture" if is_picture_name(path.name) else "sound" if Sounds.names_one(path.name) else None
    what = f"a single {single}; give its folder" if single else "a file of another kind"
    raise InputError(f"{path}: {what}. {LAYOUTS}")
