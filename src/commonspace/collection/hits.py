"""What a search returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from .columns import RESERVED, field_name


@dataclass(frozen=True)
class Hit:
    """A stored row that a search found.

    Attributes:
        id: The item.
        score: The cosine similarity, up to rounding in [-1, 1]; higher is better.
        modality: The modality of the row.
        part: Which part of the item: which caption, which crop.
        content: The text, or the path of the picture, where there is one.
        metadata: Field -> value, without the fields that have none.
    """

    id: str
    score: float
    modality: str
    part: int
    content: str | None
    metadata: dict[str, Any]


def as_hits(found: pa.Table, k: int) -> list[Hit]:
    """The k best, equal scores in the order of id, part and modality."""
    hits = [
        Hit(
            id=row["id"],
            score=1.0 - row.pop("_distance"),
            modality=row["modality"],
            part=row["part"],
            content=row["content"],
            metadata={field_name(c): value for c, value in row.items() if c not in RESERVED and value is not None},
        )
        for row in found.to_pylist()
    ]
    hits.sort(key=lambda hit: (-hit.score, hit.id, hit.part, hit.modality))
    return hits[:k]
