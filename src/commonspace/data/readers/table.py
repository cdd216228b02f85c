"""A table file: csv, tsv, JSON lines or Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .arrow import read_parquet
from .assemble import assemble
from .delimited import read_delimited
from .jsonl import read_jsonl
from .media import Media, find_media
from .reading import Reading
from .roles import find_roles
from .rows import Rows
from .split_lists import add_split_lists

_READERS = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".parquet": read_parquet,
}
_PACKED = (".csv", ".tsv", ".jsonl", ".ndjson")


def is_table(path: Path) -> bool:
    """Whether a file is a table by its name: .csv .tsv .jsonl .ndjson, also with .gz, or .parquet."""
    return _kind(path) in _READERS


def read_rows(path: Path) -> Rows:
    """The table as it stands in the file.

    Raises:
        InputError: If it is not UTF-8 or not a table.
        StorageError: If it cannot be read.
    """
    return _READERS[_kind(path)](path)


def read_table(path: Path, *, columns: Mapping[str, str | None] | None = None, media: Media | None = None) -> Reading:
    """Reads a table whose rows are items, or captions of pictures.

        image,caption,genre,year
        a.jpg,A dog runs,nature,1950
        a.jpg,Something brown in the grass,nature,1950
        b.jpg,A red bus,traffic|city,1962

    - csv and tsv: UTF-8, a first line of column names, quotes as in RFC 4180; jsonl: one object per line.
    - image: the name of a picture file, relative to the table's folder or a folder one level below it (with or
      without its ending where that is unique); in Parquet also bytes or {bytes, path}; a list holds several.
    - audio: the name of a sound file, in the same ways.
    - Rows of one picture are one item with several captions, if no column is an id; so are rows of one sound, where
      there are no pictures.
    - text: a text, or a list of texts (in jsonl and Parquet). Lists of numbers are features.
    - label: a value, several parted by "|", or a list. time: a number, or a date. split: a name.
    - Every other column is metadata.

    Args:
        path: The file.
        columns: Role ("image", "audio", "text", "id", "label", "time", "split", "group", or a modality of your own for
            a column of lists of numbers) -> column. None for a role that no column has. Roles not named are guessed.
        media: The pictures and sounds that may be named. Default: those beside the table and one folder below.

    Raises:
        InputError: If no column is a modality, ids repeat, or it is not UTF-8.
        UnknownNameError: If there is no such role or column.
        StorageError: If the file cannot be read.
    """
    columns = columns or {}
    rows = read_rows(path)
    media = find_media(path.parent, depth=1) if media is None else media
    reading = assemble(rows, find_roles(rows, columns, media), media)
    return add_split_lists(reading, path.parent, media) if "split" not in columns else reading


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes[-1:] == [".gz"]:
        return suffixes[0] if suffixes[0] in _PACKED else ""
    return suffixes[-1] if suffixes else ""
