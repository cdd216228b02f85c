"""A table as it stands in a file: named columns of values, and where each row stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from numpy.typing import NDArray

from commonspace.data.problems import Problem
from commonspace.errors import InputError

Column: TypeAlias = "list[Any] | NDArray[Any]"
"""n values, None where there is none; an array (n, d) or (n, r, d) where each is a list of numbers."""


@dataclass(frozen=True)
class Rows:
    """A table as it stands in a file.

    Attributes:
        name: The file.
        columns: Name -> n values.
        where: Row number -> what to call its place, for example "captions.csv:12".
        problems: Rows that could not be read.
        row_ids: n identifiers for rows that bring none. Default: "0", "1", ...
    """

    name: str
    columns: dict[str, Column]
    where: Callable[[int], str]
    problems: list[Problem] = field(default_factory=list)
    row_ids: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def row_id(self, row: int) -> str:
        """What to call an item that has no identifier."""
        return self.row_ids[row] if self.row_ids is not None else str(row)


def check_header(name: str, header: Sequence[str]) -> None:
    """Refuses a header in which a column cannot be named.

    Raises:
        InputError: If there is none, or a name is empty or occurs twice.
    """
    if not header:
        raise InputError(f"{name}: it is empty; expected a first line that names the columns.")
    for i, column in enumerate(header):
        if not column:
            raise InputError(f"{name}: column {i + 1} has no name; expected a first line that names the columns.")
        if column in header[:i]:
            raise InputError(f"{name}: two columns are called {column!r}; rename one.")
