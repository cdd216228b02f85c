"""JSON files and JSON lines as records, whose errors name the file, the place in it and the field."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from commonspace.data.readers.text_files import text_file
from commonspace.encoders.texts import text_fault
from commonspace.errors import InputError

_LARGEST = 2.0**63


@dataclass(frozen=True)
class Record:
    """An object of a file.

    Attributes:
        where: The file and the place in it, for errors.
        fields: Name -> value.
    """

    where: str
    fields: Mapping[Any, Any]

    def text(self, field: str) -> str:
        """A text, which may be empty.

        Raises:
            InputError: If there is none.
        """
        value = self.fields.get(field)
        if text_fault(value) is not None:
            raise self._error(field, "a text")
        return str(value)

    def whole(self, field: str) -> int:
        """A whole number.

        Raises:
            InputError: If there is none.
        """
        value = self.fields.get(field)
        if is_number(value) and isinstance(value, int):
            return value
        raise self._error(field, "a whole number")

    def positive(self, field: str) -> float:
        """A number above 0.

        Raises:
            InputError: If there is none.
        """
        value = self.fields.get(field)
        if is_number(value) and value > 0:
            return float(value)
        raise self._error(field, "a number above 0")

    def items(self, field: str, least: int = 0) -> list[Any]:
        """A list.

        Args:
            field: Its name.
            least: How many items it has at least.

        Raises:
            InputError: If there is none, or it is shorter.
        """
        value = self.fields.get(field)
        if not isinstance(value, list) or len(value) < least:
            raise self._error(field, f"a list of at least {least}" if least else "a list")
        return value

    def records(self, field: str) -> list[Record]:
        """A list of objects.

        Raises:
            InputError: If there is none, or one of its items is no object.
        """
        return records(self.items(field), f"{self.where}, {field}")

    def _error(self, field: str, expected: str) -> InputError:
        if field in self.fields:
            return InputError(f"{self.where}: field {field!r}: expected {expected}, got {shown(self.fields[field])}.")
        has = ", ".join(str(name) for name in list(self.fields)[:20]) or "no field"
        return InputError(f"{self.where}: field {field!r}: expected {expected}, and it is not there; there is {has}.")


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number, neither true nor false, finite, and not too large to reckon with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def shown(value: object) -> str:
    """What came, in short."""
    if isinstance(value, list | dict | tuple):
        return f"{type(value).__name__} of {len(value)}"
    if value is None or isinstance(value, str | bool) or is_number(value):
        return reprlib.repr(value)
    return type(value).__name__


def record(value: object, where: str) -> Record:
    """An object as a record.

    Args:
        value: What was read.
        where: The file and the place in it.

    Raises:
        InputError: If it is no object.
    """
    if not isinstance(value, dict):
        raise InputError(f"{where}: expected an object with fields, got {shown(value)}.")
    return Record(where, value)


def records(value: object, where: str) -> list[Record]:
    """A list of objects as records.

    Args:
        value: What was read.
        where: The file and the list in it.

    Raises:
        InputError: If it is no list of objects.
    """
    if not isinstance(value, list):
        raise InputError(f"{where}: expected a list of objects, got {shown(value)}.")
    return [record(item, f"{where}[{i}]") for i, item in enumerate(value)]


def read_json(path: Path) -> Any:
    """What a JSON file in UTF-8 holds, packed (.gz) or not.

    Raises:
        InputError: If it is not JSON, or not UTF-8.
        StorageError: If it cannot be read.
    """
    with text_file(path) as file:
        return _parsed(file.read(), str(path))


def json_lines(path: Path) -> Iterator[Record]:
    """The objects of a file with one JSON object on each line, in UTF-8; empty lines are passed over.

    Raises:
        InputError: If a line is no JSON object, or it is not UTF-8.
        StorageError: If it cannot be read.
    """
    with text_file(path, newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                where = f"{path}, line {number}"
                yield record(_parsed(line, where), where)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: expected JSON, got what is not ({error}).") from error
