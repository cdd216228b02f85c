"""Relevance by label, whichever form the labels come in."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from .relevance import SameLabel, SharedLabel


def label_relevance(query_labels: NDArray[Any], gallery_labels: NDArray[Any]) -> SameLabel | SharedLabel:
    """The same label for (n,) and (m,) labels, at least one in common for (n, c) and (m, c)."""
    if query_labels.ndim == 2:
        return SharedLabel(query_labels, gallery_labels)
    return SameLabel(query_labels, gallery_labels)
