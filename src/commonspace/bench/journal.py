"""What has been finished, line by line, so that a benchmark that was stopped goes on where it was."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from commonspace.errors import StorageError

Entry = dict[str, Any]


class Journal:
    """The finished pieces of work of one space, a JSON object each.

    A piece is written whole and to the disk before the next begins; a line that a kill left unfinished is dropped.

    Args:
        path: The file; created when first written to.

    Raises:
        StorageError: If a line other than the last cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        whole = 0
        if path.is_file():
            lines = path.read_bytes().splitlines(keepends=True)
            for number, line in enumerate(lines, 1):
                try:
                    if not line.endswith(b"\n"):
                        raise ValueError("unfinished")
                    self.entries.append(json.loads(line))
                except ValueError as error:
                    if number < len(lines):
                        raise StorageError(f"{path}, line {number}: {error}; delete the file to start anew.") from error
                    break
                whole += len(line)
            if whole < path.stat().st_size:
                os.truncate(path, whole)

    def of(self, kind: str) -> list[Entry]:
        """The entries of one kind, in order."""
        return [entry for entry in self.entries if entry["kind"] == kind]

    def add(self, kind: str, **values: Any) -> Entry:
        """Writes an entry; what JSON does not know, such as a space, by its `repr`.

        Raises:
            StorageError: If it cannot be written.
        """
        entry = {"kind": kind, **values}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, default=repr) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(
                f"cannot write {self.path}: {error.strerror or error}. Free space, and run the same command again."
            ) from error
        self.entries.append(entry)
        return entry
