"""Examples of tasks as JSON lines: a line for each, with the names of its fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from commonspace.errors import InputError, UnknownNameError

from .readers.json_files import Record, json_lines
from .tasks import Caption, Choice, Question, Reference, Statement

EXAMPLES: dict[str, Any] = {
    "question-answering": Question,
    "referring": Reference,
    "verification": Statement,
    "caption-retrieval": Caption,
    "multiple-choice": Choice,
    "pretraining": Caption,
    "alignment": Caption,
}
"""Kind of a task -> what its examples are."""


def read_examples(path: Path, kind: str) -> list[Any]:
    """Reads examples of a task.

    Args:
        path: JSON lines. Of a question, for example: `{"photo": "1.jpg", "text": "what is it?", "answers": ["a cat"]}`;
            fields are those of the dataclass, boxes are lists of four shares of the photo.
        kind: Of the task, one of `EXAMPLES`.

    Raises:
        UnknownNameError: If there is no such kind.
        StorageError: If the file cannot be read.
        InputError: If a line is no such example; it names the line and the field.
    """
    if kind not in EXAMPLES:
        raise UnknownNameError("kind of task", kind, EXAMPLES)
    return [_example(EXAMPLES[kind], record) for record in json_lines(path)]


def _example(cls: Any, record: Record) -> Any:
    where, found = record.where, record.fields
    known = {f.name: f for f in fields(cls)}
    for name, f in known.items():
        if name not in found and f.default is MISSING:
            raise InputError(f"{where}: the field {name} is missing; expected {', '.join(known)}.")
    if unknown := sorted(set(found) - set(known)):
        raise InputError(f"{where}: unknown field {unknown[0]!r}; expected {', '.join(known)}.")
    return cls(**{name: _value(known[name].type, value, f"{where}: {name}") for name, value in found.items()})


def _value(type_name: Any, value: Any, where: str) -> Any:
    """The value as the field has it."""
    check, told, make = _VALUES[str(type_name)]
    if not check(value):
        raise InputError(f"{where}: expected {told}, got {value!r:.80}.")
    return make(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_box(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(isinstance(v, int | float) for v in value)


_VALUES: dict[str, tuple[Callable[[Any], bool], str, Callable[[Any], Any]]] = {
    "str": (_is_text, "a text", str),
    "str | None": (lambda v: v is None or _is_text(v), "a text or null", lambda v: v),
    "int": (lambda v: isinstance(v, int) and not isinstance(v, bool), "a number", int),
    "tuple[str, ...]": (_are_texts, "a list of texts, at least one", tuple),
    "Box": (_is_box, "four numbers: left, top, right, bottom", tuple),
    "tuple[Box, ...]": (
        lambda v: isinstance(v, list) and all(map(_is_box, v)),
        "a list of boxes of four numbers",
        lambda v: tuple(map(tuple, v)),
    ),
}
"""Type of a field -> whether a value of JSON fits, what is expected, and what is made of it."""
