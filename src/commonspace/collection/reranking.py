"""Hits scored anew by something slower and better than a cosine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from commonspace.errors import InputError

from .hits import Hit


class Rerank(Protocol):
    """Scores hits anew."""

    def __call__(self, query: Mapping[str, Any], hits: Sequence[Hit]) -> Sequence[float]:
        """A score for each hit, higher is better.

        Args:
            query: As it was asked; {} where a vector was.
            hits: The best by cosine, best first.
        """


def reranked(rerank: Rerank, query: Mapping[str, Any] | None, hits: Sequence[Hit], k: int) -> list[Hit]:
    """The k best by their new scores; equal ones stay in their order.

    Args:
        rerank: What scores.
        query: What was asked, None for a vector.
        hits: The best by cosine.
        k: How many to return.

    Raises:
        InputError: If there is not one finite score for each hit.
    """
    if not hits:
        return []
    scores = np.asarray(rerank(query or {}, hits), float)
    if scores.shape != (len(hits),) or not np.isfinite(scores).all():
        raise InputError(
            f"rerank: expected a finite score for each of {len(hits)} hits, got "
            f"{'some that are not finite' if scores.shape == (len(hits),) else f'shape {scores.shape}'}."
        )
    order = np.argsort(-scores, kind="stable")[:k]
    return [replace(hits[i], score=float(scores[i])) for i in order]
