"""JSON lines: one object per line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commonspace.data.problems import Problem
from commonspace.errors import InputError

from .arrow import stacked_lists
from .rows import Column, Rows
from .text_files import text_file


def read_jsonl(path: Path) -> Rows:
    """Reads a file with one JSON object per line, in UTF-8. A key that a line lacks, and "", become None.

    Raises:
        InputError: If no line holds an object, or it is not UTF-8.
        StorageError: If it cannot be read.
    """
    columns: dict[str, list[Any]] = {}
    lines: list[int] = []
    problems: list[Problem] = []
    with text_file(path, newline="\n") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                entry = _entry(line)
            except (ValueError, RecursionError) as error:
                problems.append(Problem(f"{path.name}:{number}", "row", f"not a JSON object ({error}); left out."))
                continue
            for key, value in entry.items():
                columns.setdefault(key, [None] * len(lines)).append(None if value == "" else value)
            lines.append(number)
            for values in columns.values():
                if len(values) < len(lines):
                    values.append(None)
    if not lines:
        told = f" {problems[0]}" if problems else ""
        raise InputError(f"{path}: no line of it holds a JSON object.{told}")
    return Rows(
        str(path), {k: _column(v) for k, v in columns.items()}, lambda row: f"{path.name}:{lines[row]}", problems
    )


def _column(values: list[Any]) -> Column:
    first = next((v for v in values if v is not None), None)
    return stacked_lists(values) if isinstance(first, list) else values


def _entry(line: str) -> dict[str, Any]:
    entry = json.loads(line)
    if not isinstance(entry, dict):
        raise ValueError(f"got {type(entry).__name__}")
    if "\\ud" in line.lower():
        json.dumps(entry, ensure_ascii=False).encode()  # half a character, which no text can hold
    return entry
