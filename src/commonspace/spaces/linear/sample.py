"""What linear methods learn from: moments of the items, by which modalities they have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .moments import Matrix, Moments, centred_moments, side_by_side


class Sample:
    """Moments of rows that may lack modalities: one `Moments` for each set of modalities that occurs together.

    Where every row has every modality there is one, and all below is a look into it.
    """

    def __init__(self, moments: Sequence[Moments]) -> None:
        self._moments = {tuple(part.columns): part for part in moments}

    @classmethod
    def of(cls, views: dict[str, NDArray[Any]]) -> Self:
        """The sample of aligned (n, d) views; a row of NaN where one is absent."""
        there = np.array([~np.isnan(X[:, 0]) for X in views.values()])
        if there.all():
            return cls([centred_moments(views)] if there.size else [])
        patterns, pattern_of = np.unique(there, axis=1, return_inverse=True)
        parts = []
        for number, pattern in enumerate(patterns.T):
            if pattern.any():
                rows = pattern_of == number
                parts.append(
                    centred_moments({m: X[rows] for (m, X), has in zip(views.items(), pattern, strict=True) if has})
                )
        return cls(parts)

    def merged(self, other: Sample) -> Sample:
        """The sample of both sets of rows."""
        merged = dict(self._moments)
        for pattern, part in other._moments.items():
            merged[pattern] = merged[pattern].merged(part) if pattern in merged else part
        return Sample(list(merged.values()))

    def count(self, *modalities: str) -> int:
        """The number of rows that have all of these modalities."""
        return sum(part.n for part in self._with(*modalities))

    def mean(self, modality: str) -> Matrix:
        """(d,) column means over the rows that have the modality."""
        return np.asarray(
            sum(part.n * part.means(modality) for part in self._with(modality)) / max(self.count(modality), 1)
        )

    def scatter(self, first: str, second: str, weight: Callable[[int], float] = lambda modalities: 1.0) -> Matrix:
        """(p, q) sums of products of columns, each less its mean, over the rows that have both modalities.

        Args:
            first: The modality of p columns.
            second: The modality of q columns, or the same.
            weight: Of a row, from how many modalities it has.
        """
        parts = self._with(first, second)
        if len(self._moments) == 1:
            return weight(len(parts[0].columns)) * parts[0].block(first, second)
        a, b = self.mean(first), self.mean(second)
        total = np.zeros((len(a), len(b)))
        for part in parts:
            shifts = np.outer(part.means(first) - a, part.means(second) - b)
            total += weight(len(part.columns)) * (part.block(first, second) + part.n * shifts)
        return total

    def covariance(self, first: str, second: str) -> Matrix:
        """(p, q) covariance over the rows that have both modalities, divided by their number less 1."""
        return self.scatter(first, second) / max(self.count(first, second) - 1, 1)

    def eps(self, modality: str) -> float:
        """The precision of the products that the modality's covariance is made of."""
        return max((part.eps for part in self._with(modality)), default=0.0)

    def scaled(self, deviations: dict[str, Matrix]) -> Sample:
        """The sample of the views with each column divided by a number."""
        parts = []
        for part in self._moments.values():
            by = np.concatenate([deviations[m] for m in part.columns])
            parts.append(Moments(part.n, part.columns, part.mean / by, part.scatter / np.outer(by, by), part.eps))
        return Sample(parts)

    def to_state(self) -> list[dict[str, Any]]:
        """Arrays and numbers, from which `from_state` makes the sample again."""
        return [
            {
                "dims": {m: at.stop - at.start for m, at in part.columns.items()},
                "n": part.n,
                "mean": part.mean,
                "scatter": part.scatter,
                "eps": part.eps,
            }
            for part in self._moments.values()
        ]

    @classmethod
    def from_state(cls, state: Sequence[dict[str, Any]]) -> Self:
        """The sample that `to_state` took apart."""
        return cls([Moments(s["n"], side_by_side(s["dims"]), s["mean"], s["scatter"], s["eps"]) for s in state])

    def _with(self, *modalities: str) -> list[Moments]:
        return [part for part in self._moments.values() if all(m in part.columns for m in modalities)]
