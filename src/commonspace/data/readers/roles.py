"""Which column of a table plays which role: as the user says, else guessed by name and content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from commonspace.data.problems import Problem
from commonspace.errors import UnknownNameError

from .files import Files
from .media import Media, leading
from .rows import Column, Rows
from .times import EXPECTED, parse_time

NAMES: Mapping[str, Sequence[str]] = {
    "image": ("image", "img", "picture", "photo", "file", "filename", "filepath", "imagepath", "path", "images"),
    "audio": (
        "audio",
        "sound",
        "recording",
        "speech",
        "clip",
        "wav",
        "file",
        "filename",
        "filepath",
        "audiopath",
        "path",
        "sounds",
    ),
    "id": ("id", "uid", "key", "name"),
    "text": (
        "text",
        "caption",
        "captions",
        "sentence",
        "sentences",
        "description",
        "body",
        "texts",
        "content",
        "title",
    ),
    "label": ("label", "labels", "class", "classes", "category", "categories", "genre", "genres"),
    "time": (
        "time",
        "date",
        "datetime",
        "year",
        "created",
        "createdat",
        "published",
        "publishedat",
        "datetaken",
        "datetimeoriginal",
    ),
    "split": ("split", "set", "subset", "partition"),
}
"""Role -> the column names taken for it, first come first taken; case, spaces, `_` and `-` do not count."""

ROLES = (*NAMES, "group")
MODALITIES = ("image", "audio", "text")
_SAMPLE = 1000
_MOST_SPLITS = 10


def find_roles(rows: Rows, columns: Mapping[str, str | None], media: Media) -> dict[str, str]:
    """Role -> column.

    Args:
        rows: The table.
        columns: What the user says: role -> column, or None (or "") for a role that is not to be guessed.
        media: The pictures and sounds that values may name.

    Raises:
        UnknownNameError: If there is no such role or column.
    """
    for role, column in columns.items():
        if not column:
            continue
        if column not in rows.columns:
            raise UnknownNameError(f"column of {rows.name}", column, rows.columns)
        if role not in ROLES and not isinstance(rows.columns[column], np.ndarray):
            told = f"role (a modality of your own needs lists of numbers of one length, column {column!r} has none)"
            raise UnknownNameError(told, role, ROLES)
    roles = {role: column for role, column in columns.items() if column}
    for role in NAMES:
        if role not in columns:
            found = _guess(role, rows, set(roles.values()), media)
            if found is not None:
                roles[role] = found
            elif role == "time":
                _tell_no_time(rows, set(roles.values()))
    if "id" in roles and "id" not in columns and roles["id"] == roles.get(leading(media, roles) or ""):
        del roles["id"]  # a picture's rows are merged, and it gives the id
    if not any(role in MODALITIES or role not in ROLES for role in roles):
        free = {*rows.columns} - {*roles.values(), *columns}
        roles |= {c: c for c, values in rows.columns.items() if isinstance(values, np.ndarray) and c in free}
    return roles


def _guess(role: str, rows: Rows, taken: set[str], media: Media) -> str | None:
    named = _named(role, rows, taken)
    if role in media:
        files = media[role]
        named += [column for column in rows.columns if column not in taken and column not in named]
        shown = next((c for c in named if _shows(files, rows.columns[c], _plain(c) == role)), None)
        return shown or next((c for c in named if len(files) and _names(files, rows.columns[c])), None)
    return next((c for c in named if _fits(role, rows.columns[c], _plain(c))), None)


def _named(role: str, rows: Rows, taken: set[str]) -> list[str]:
    """The columns that are called as the role's usually are."""
    return [c for name in NAMES[role] for c in rows.columns if _plain(c) == name and c not in taken]


def _plain(column: str) -> str:
    return re.sub(r"[\s_-]+", "", column.lower())


def _tell_no_time(rows: Rows, taken: set[str]) -> None:
    """A column called "date" that holds none stays metadata, and that is told."""
    for column in _named("time", rows, taken):
        for value in _some(rows.columns[column])[:1]:
            reason = f"column {column!r} holds mostly none of {EXPECTED} ({value!r} first); it stays metadata."
            rows.problems.append(Problem(Path(rows.name).name, "time", reason))


def _fits(role: str, values: Column, name: str) -> bool:
    """Whether values are what the role asks for."""
    if role == "text":
        return isinstance(values, np.ndarray) or _has_words(_some(values))
    if role == "id":
        single = not isinstance(values, np.ndarray) and all(isinstance(v, str | int) for v in _some(values))
        return single and (name != "name" or (None not in values and len(set(values)) == len(values)))
    if role == "time":
        return not isinstance(values, np.ndarray) and bool(_some(values)) and parse_time(_some(values))[0] is not None
    if role == "split":
        return not isinstance(values, np.ndarray) and (
            all(isinstance(v, str) for v in _some(values)) and len({v for v in values if v}) <= _MOST_SPLITS
        )
    return True


def _has_words(values: list[Any]) -> bool:
    """Whether they are texts, or lists of texts, and mostly not mere numbers."""
    texts = [str(part) for value in values if isinstance(value, str | list) for part in _parts(value)[:1]]
    return 2 * sum(any(c.isalpha() for c in t) for t in texts) > len(values)


def _shows(files: Files, values: Column, called_so: bool) -> bool:
    if isinstance(values, np.ndarray):
        return called_so
    firsts = [part for value in _some(values) for part in _parts(value)[:1]]
    return 2 * sum(files.is_one(v) for v in firsts) > len(firsts)


def _names(files: Files, values: Column) -> bool:
    some = [] if isinstance(values, np.ndarray) else _some(values)
    return 2 * sum(isinstance(v, str) and files.name(v) is not None for v in some) > len(some)


def _some(values: Column) -> list[Any]:
    """The first values that there are."""
    return list(islice((v for v in values if v is not None), _SAMPLE))


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
