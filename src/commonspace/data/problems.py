"""What could not be used of a user's data, told instead of hidden."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something that could not be used, and was left out.

    Attributes:
        where: The file and line ("captions.csv:12"), the row, the file or the id.
        what: The modality or field it concerns, "row" for a whole row.
        reason: What is wrong, and what came of it.
    """

    where: str
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.reason}"
