"""Figures that others published, each with where it stands and how sure we are of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

Certainty = Literal["verified", "memory", "weak memory"]


@dataclass(frozen=True)
class Published:
    """One row of a published table.

    Attributes:
        dataset: The data set.
        protocol: How it was split.
        rule: How AP was computed; figures of different rules must never be compared.
        features: What the views were; neither must figures on different features.
        method: The method, as the source calls it.
        space: The class here that implements it; None where there is none.
        values: Direction -> figure.
        mean: Of both directions, as printed.
        source: Where it stands.
        certainty: "verified" in a public source, quoted from "memory", or from "weak memory", which is not to be
            relied on.
        note: What makes it differ from others, such as a choice on test.
    """

    dataset: str
    protocol: str
    rule: str
    features: str
    method: str
    space: str | None
    values: dict[str, float]
    mean: float
    source: str
    certainty: Certainty
    note: str = ""


def published(dataset: str) -> list[Published]:
    """All published figures for a data set that are known here; none for one without."""
    file = resources.files(__package__) / "published" / f"{dataset}.json"
    if not file.is_file():
        return []
    return [_row(entry) for entry in json.loads(file.read_text(encoding="utf-8"))]


def _row(entry: dict[str, Any]) -> Published:
    values = {direction: entry.pop(direction) for direction in ("image->text", "text->image")}
    return Published(**entry, values=values)
