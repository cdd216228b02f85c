"""What an evaluation found, for people and for machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

MAP_RULE = "map@all"
"""AP is divided by all relevant items of the gallery, over the whole ranked list."""


@dataclass(frozen=True)
class Report:
    """Retrieval across modalities; every mapping has keys such as "image->text".

    Attributes:
        dataset: The data set's name.
        protocol: The split and the rule of relevance.
        space: The class of the space.
        params: Its parameters.
        queries: Direction -> number of queries; every part of an item (each caption) is one.
        gallery: Direction -> number of entries searched.
        map: Direction -> mean average precision by label over the whole list (rule "map@all"); empty without labels.
        recall: Direction -> K -> share of queries with a right part of their own item among the first K.
        median_rank: Direction -> median rank of the best-placed part of the query's own item.
        rule: How `map` was computed.
    """

    dataset: str
    protocol: str
    space: str
    params: dict[str, Any]
    queries: dict[str, int] = field(default_factory=dict)
    gallery: dict[str, int] = field(default_factory=dict)
    map: dict[str, float] = field(default_factory=dict)
    recall: dict[str, dict[int, float]] = field(default_factory=dict)
    median_rank: dict[str, float] = field(default_factory=dict)
    rule: str = MAP_RULE

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON types; the Ks of `recall` become strings."""
        out = asdict(self)
        out["recall"] = {direction: {str(k): v for k, v in at.items()} for direction, at in self.recall.items()}
        out["params"] = {k: v.item() if isinstance(v, np.generic) else v for k, v in self.params.items()}
        return out

    def __str__(self) -> str:
        cuts = sorted({k for at in self.recall.values() for k in at})
        metrics = [*([self.rule] if self.map else []), *(f"R@{k}" for k in cuts)]
        lines = [["direction", *metrics, "median rank", "queries", "gallery"]]
        for direction, recall in self.recall.items():
            shares = [*([self.map[direction]] if self.map else []), *(recall[k] for k in cuts)]
            counts = self.median_rank[direction], self.queries[direction], self.gallery[direction]
            lines.append([direction, *(f"{share:.3f}" for share in shares), *(f"{count:g}" for count in counts)])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
        return "\n".join([f"{self.space} on {self.dataset} ({self.protocol})", *table])
