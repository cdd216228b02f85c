"""What of a space is worth trying, on data of which a few facts are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .views import Column, Views

SearchSpace = list[dict[str, Sequence[Any]]]
"""Grids, each parameter -> the values to try; what is tried is every combination within each grid."""

MANY = 5000
"""Rows above which a method whose cost grows with their square takes an approximation."""


@dataclass(frozen=True)
class DataFacts:
    """What a space may know of the data before it says what to try.

    Attributes:
        rows: The number of items, times parts where items have several.
        dims: Modality -> the number of columns.
        classes: The number of classes; 0 without labels.
        histograms: Modalities without a negative number, such as shares of words.
    """

    rows: int
    dims: Mapping[str, int]
    classes: int
    histograms: tuple[str, ...]

    @classmethod
    def of(cls, views: Views, labels: Column | None) -> Self:
        """The facts of a training set."""
        arrays = {m: np.asarray(x) for m, x in views.items()}
        return cls(
            max(x.size // x.shape[-1] for x in arrays.values()),
            {m: x.shape[-1] for m, x in arrays.items()},
            0 if labels is None else _count_classes(np.asarray(labels)),
            tuple(m for m, x in arrays.items() if np.nanmin(x) >= 0),
        )

    @property
    def components(self) -> tuple[int, ...]:
        """Numbers of dimensions to try for a method that is bound by the narrowest view."""
        most = min(self.dims.values())
        if most <= 16:
            return tuple(range(min(3, most), most)) or (most,)
        return tuple(k for k in (16, 64, 128, 256) if k <= most)


def small_networks(facts: DataFacts) -> dict[str, Sequence[Any]]:
    """What deep spaces share: small and much regularised networks where labelled items are few, else their defaults."""
    if not facts.classes or facts.rows > MANY:
        return {}
    return {"hidden_sizes": ((256,),), "dropout": (0.5,), "learning_rate": (3e-4,), "weight_decay": (0.1, 1.0)}


def _count_classes(labels: NDArray[Any]) -> int:
    if labels.ndim == 2:
        return int(labels.shape[1])
    return len({label for label in labels.tolist() if label is not None and label == label})
