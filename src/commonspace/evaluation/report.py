"""What an evaluation found, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from commonspace.spaces import Space

MAP_RULE = "map@all"
"""AP is divided by all relevant items of the gallery, over the whole ranked list."""


@dataclass(frozen=True)
class Report:
    """Retrieval across modalities; every mapping has keys such as "image->text".

    Attributes:
        dataset: The data set's name.
        protocol: How it is split, and the rule of relevance.
        split: The split that was measured; None for a data set that is not one.
        space: The class of the space.
        params: Its parameters.
        gallery: Direction -> number of entries searched.
        queries: Direction -> number of queries whose item is in the gallery: those that `recall` and `median_rank`
            are over. Every part of an item (each caption) is one.
        recall: Direction -> K -> share of those queries with a right part of their own item among the first K; no
            direction where no item has both modalities.
        median_rank: Direction -> median rank of the best-placed part of the query's own item.
        map_queries: Direction -> number of queries for whose label there is something: those that `map` is over.
        map: Direction -> mean average precision by label over the whole list (rule "map@all"); empty without labels.
        rule: How `map` was computed.
        hubness: How similarities were corrected for hubs: "csls", "inverted-softmax", or None.
        transductive: Whether the list of a query depends on the other queries that were evaluated. What holds for a
            batch of queries need not hold for one that comes alone.
    """

    dataset: str
    protocol: str
    split: str | None
    space: str
    params: dict[str, Any]
    gallery: dict[str, int] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)
    recall: dict[str, dict[int, float]] = field(default_factory=dict)
    median_rank: dict[str, float] = field(default_factory=dict)
    map_queries: dict[str, int] = field(default_factory=dict)
    map: dict[str, float] = field(default_factory=dict)
    rule: str = MAP_RULE
    hubness: str | None = None
    transductive: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON types; the Ks of `recall` become strings."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    def __str__(self) -> str:
        cuts = sorted({k for at in self.recall.values() for k in at})
        header = ["direction", *(f"R@{k}" for k in cuts), *(["median rank"] if cuts else []), "queries"]
        lines = [[*header, *([self.rule, "labelled"] if self.map else []), "gallery"]]
        for direction, size in self.gallery.items():
            line = [direction]
            if direction in self.recall:
                line += [f"{self.recall[direction][k]:.3f}" for k in cuts]
                line += [f"{self.median_rank[direction]:g}", str(self.queries[direction])]
            else:
                line += ["-"] * (len(header) - 2) + ["0"]
            if self.map:
                line += [f"{self.map[direction]:.3f}" if direction in self.map else "-"]
                line += [str(self.map_queries.get(direction, 0))]
            lines.append([*line, str(size)])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
        part = f", split {self.split}" if self.split else ""
        how = f", hubness {self.hubness}" if self.hubness else ""
        how += ", transductive" if self.transductive else ""
        return "\n".join([f"{self.space} on {self.dataset} ({self.protocol}{part}){how}", *table])


def _plain(value: Any) -> Any:
    """JSON types for what a report holds; parameters may be NumPy scalars, arrays, tuples or spaces."""
    if isinstance(value, Space):
        return {"space": type(value).__name__, "params": _plain(value.get_params(deep=False))}
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if callable(value):
        return repr(value)
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value
