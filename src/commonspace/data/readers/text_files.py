"""Text files as UTF-8, and nothing else: an encoding is never guessed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from commonspace.errors import InputError, StorageError


@contextmanager
def text_file(path: Path, newline: str = "") -> Iterator[TextIO]:
    """Opens a file of UTF-8 text, with or without a byte order mark, packed (.gz) or not.

    Raises:
        InputError: If it is not UTF-8; the message names the byte and the line.
        StorageError: If it cannot be read.
    """
    try:
        if path.suffix.lower() == ".gz":
            with gzip.open(path, "rt", encoding="utf-8-sig", newline=newline) as packed:
                yield cast("TextIO", packed)
        else:
            with path.open(encoding="utf-8-sig", newline=newline) as file:
                yield file
    except UnicodeDecodeError as error:
        raise InputError(_not_utf8(path)) from error
    except (OSError, EOFError, zlib.error) as error:
        raise StorageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def read_lines(path: Path) -> list[str]:
    """The lines of a small text file that hold something, stripped.

    Raises:
        InputError: If it is not UTF-8.
        StorageError: If it cannot be read.
    """
    with text_file(path, newline="\n") as file:
        return [line.strip() for line in file if line.strip()]


def _not_utf8(path: Path) -> str:
    """What to say of a file that is not UTF-8. No byte of a longer character is a line feed: lines can be told."""
    with cast("BinaryIO", gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")) as file:
        position, lines, start = 0, 0, file.read(2)
        file.seek(0)
        for line in file:
            lines += 1
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                position += error.start
                break
            position += len(line)
    came = "UTF-16" if start in (b"\xff\xfe", b"\xfe\xff") else "another encoding"
    example = "UTF-16" if came == "UTF-16" else "LATIN1"
    return (
        f"{path}: not UTF-8 at byte {position}, line {lines}; it is in {came}. Save it as UTF-8, for example: "
        f"iconv -f {example} -t UTF-8 {path.name} > utf8-{path.name}"
    )
