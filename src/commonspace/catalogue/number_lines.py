"""Rows of numbers in a large text file, a line each; only the lines that are asked for are held in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commonspace.data.readers.text_files import text_file
from commonspace.errors import InputError, StorageError


def read_rows(path: Path, keep: NDArray[np.bool_], width: int, *, name: str, like: str) -> NDArray[np.float32]:
    """The kept lines of a file as rows of numbers, parted by spaces or tabs.

    Args:
        path: The file.
        keep: (n,) mask of lines.
        width: How many numbers a line has.
        name: What errors call the data set.
        like: The file that has the n lines, for errors.

    Raises:
        InputError: If the file is not UTF-8.
        StorageError: If it has not n lines, or a kept line is not `width` finite numbers.
    """
    total = 0

    def kept() -> Iterator[str]:
        nonlocal total
        with text_file(path, newline="\n") as file:
            for i, line in enumerate(file):
                if line.strip():
                    total = i + 1  # empty lines at the end do not count
                if i < len(keep) and keep[i]:
                    yield line.strip() or "?"  # NumPy would pass over an empty line

    lines = kept()
    first = next(lines, None)
    try:
        rows = np.empty((0, width), np.float32)
        if first is not None:
            rows = np.loadtxt(chain([first], lines), np.float32, comments=None, ndmin=2)
    except InputError:
        raise
    except ValueError as error:
        raise StorageError(f"data set {name}: {_bad_line(path, keep, width) or f'{path.name}: {error}'}.") from error
    if total != len(keep):
        raise StorageError(
            f"data set {name}: {path.name} has {total} lines, {like} has {len(keep)}; they must match line by line."
        )
    if rows.shape[1] != width or not np.isfinite(rows).all():
        raise StorageError(f"data set {name}: {_bad_line(path, keep, width)}.")
    return rows


def _bad_line(path: Path, keep: NDArray[np.bool_], width: int) -> str | None:
    """The first kept line that is not `width` finite numbers, and what it is instead."""
    with text_file(path, newline="\n") as file:
        for i, line in zip(range(len(keep)), file, strict=False):
            fields = line.split() if keep[i] else []
            if keep[i] and len(fields) != width:
                return f"{path.name} line {i + 1}: {len(fields)} numbers, expected {width}"
            for column, field in enumerate(fields, 1):
                if not _is_number(field):
                    return f"{path.name} line {i + 1}, column {column}: expected a finite number, got {field!r}"
    return None


def _is_number(field: str) -> bool:
    try:
        return math.isfinite(np.float32(field))
    except ValueError:
        return False
