"""CSV and TSV.

Read with the standard library's `csv`, which, unlike Arrow's reader, knows the line of every row: also where a quoted
field holds line breaks, and where a row has too many or too few fields.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from commonspace.data.problems import Problem
from commonspace.errors import InputError

from .rows import Rows, check_header
from .text_files import text_file

_LONGEST_FIELD = 2**31 - 1


def read_delimited(path: Path) -> Rows:
    """Reads a csv or tsv file: UTF-8, a first line of names, quotes as in RFC 4180. Empty fields become None.

    A `.tsv` is parted by tabs; a `.csv` by commas, or by semicolons or tabs where its first line holds no comma.

    Raises:
        InputError: If it is empty, not UTF-8, its names repeat, or a quote is never closed.
        StorageError: If it cannot be read.
    """
    limit = csv.field_size_limit(_LONGEST_FIELD)  # of the whole process, therefore put back
    try:
        return _read(path)
    finally:
        csv.field_size_limit(limit)


def _read(path: Path) -> Rows:
    problems: list[Problem] = []
    lines: list[int] = []
    with text_file(path) as file:
        delimiter = "\t" if ".tsv" in path.name.lower() else _delimiter(file.readline())
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        header: list[str] = []
        columns: list[list[Any]] = []
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                if "end of data" in str(error) or not header:
                    raise InputError(
                        f"{path}:{line}: a quote that opens here is never closed; close it, or double the quotes "
                        f'inside a quoted field ("").'
                    ) from error
                problems.append(Problem(f"{path.name}:{line}", "row", f"{error}; left out."))
                continue
            if not row:
                continue
            if not header:
                header = [name.strip() for name in row]
                check_header(str(path), header)
                columns = [[] for _ in header]
            elif len(row) != len(header):
                reason = f"{len(row)} fields where the first line names {len(header)}; left out."
                problems.append(Problem(f"{path.name}:{line}", "row", reason))
            else:
                lines.append(line)
                for values, value in zip(columns, row, strict=True):
                    values.append(value or None)
    check_header(str(path), header)
    return Rows(str(path), dict(zip(header, columns, strict=True)), lambda row: f"{path.name}:{lines[row]}", problems)


def _delimiter(first_line: str) -> str:
    return next((mark for mark in ",;\t" if mark in first_line), ",")
