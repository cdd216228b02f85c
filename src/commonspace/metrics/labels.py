"""Relevance by label, whichever form the labels come in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .relevance import SameLabel, SharedLabel, is_missing


def label_relevance(query_labels: NDArray[Any], gallery_labels: NDArray[Any]) -> SameLabel | SharedLabel:
    """The same label for (n,) and (m,) labels, at least one in common for (n, c) and (m, c)."""
    if query_labels.ndim == 2:
        return SharedLabel(query_labels, gallery_labels)
    return SameLabel(query_labels, gallery_labels)


def any_label(labels: NDArray[Any] | None) -> bool:
    """Whether any item is labelled: (n,) with None and NaN for unlabelled, or (n, c) of 0 and 1."""
    if labels is None:
        return False
    return bool(np.any(labels)) if labels.ndim == 2 else not all(is_missing(label) for label in labels)
