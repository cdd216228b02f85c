"""A Lance data set, opened, and read in batches of rows without running ahead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from commonspace.errors import MissingPackageError, StorageError

AHEAD_BYTES = 16 << 20
"""What Lance may have read and not yet handed over; it would be 2 GiB."""


def is_lance(path: str | Path) -> bool:
    """Whether a path is that of a Lance data set, by its name or, on this machine, by what lies in it."""
    text = str(path).rstrip("/")
    return text.endswith(".lance") or ("://" not in text and (Path(text) / "_versions").is_dir())


def open_lance(path: str | Path) -> Any:
    """The data set, in its newest version.

    Raises:
        MissingPackageError: If Lance is not installed.
        StorageError: If there is none, or it cannot be read.
    """
    try:
        import lance
    except ImportError as error:
        raise MissingPackageError(f"{path}: reading Lance needs pylance: pip install pylance.") from error
    try:
        return lance.dataset(str(path))
    except (OSError, ValueError, RuntimeError) as error:
        raise unreadable(path, error) from error


def lance_batches(dataset: Any, path: str | Path, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
    """Some columns in batches of at most so many rows, in their order.

    Raises:
        StorageError: If a file of it cannot be read.
    """
    batches = dataset.scanner(
        columns=list(columns), batch_size=rows, batch_readahead=1, fragment_readahead=1, io_buffer_size=AHEAD_BYTES
    ).to_batches()
    while True:
        try:
            batch = next(batches, None)
        except (OSError, ValueError, RuntimeError) as error:
            raise unreadable(path, error) from error
        if batch is None:
            return
        yield batch


def unreadable(path: str | Path, error: Exception) -> StorageError:
    """What a user is told when Lance cannot read."""
    return StorageError(f"{path}: cannot be read as a Lance data set: {error}.")
