"""What searches need to know of a version of the rows, found out once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from .sql import one_of

INDEX = "vector_idx"


def index_parts(dataset: Any) -> list[Any]:
    """The segments of the index of the vectors, as Lance tells of them."""
    return [part for index in dataset.describe_indices() if index.name == INDEX for part in index.segments]


class Version:
    """A version of the rows.

    Args:
        dataset: Of Lance.

    Attributes:
        dataset: The same.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    @cached_property
    def rows(self) -> int:
        """How many there are."""
        return int(self.dataset.count_rows())

    @cached_property
    def columns(self) -> list[str]:
        """All but the vectors."""
        return [name for name in self.dataset.schema.names if name != "vector"]

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """What tells the index of the vectors from any other; nothing where there is none."""
        return tuple(sorted(str(part.uuid) for part in index_parts(self.dataset)))

    @cached_property
    def late(self) -> int:
        """How many rows no index holds, so that a search looks at each of them."""
        held = {number for part in index_parts(self.dataset) for number in part.fragment_ids}
        return sum(f.count_rows() for f in self.dataset.get_fragments() if f.fragment_id not in held)

    @cached_property
    def only_modality(self) -> str | None:
        """The modality of all rows; None where there are several. A condition that all rows meet costs time."""
        first = self.dataset.to_table(columns=["modality"], limit=1)["modality"].to_pylist()
        same = first and self.dataset.count_rows(one_of("modality", first)) == self.rows
        return first[0] if same else None
