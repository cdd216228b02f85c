"""From views to the sample that a linear method solves for, and from its weights back to the views' columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .coordinates import Lift, coordinates
from .moments import Matrix
from .ridge import fourth_powers
from .sample import Sample


@dataclass(frozen=True)
class Prepared:
    """A sample and how its columns belong to those of the views.

    Attributes:
        sample: Of the views, or of coordinates of those that have more columns than items.
        dims: Modality -> the number of columns of the view itself.
        means: Modality -> (d,).
        deviations: Modality -> (d,) standard deviations.
        standardise: Whether the sample's columns were divided by their deviations.
        lifts: Modality -> the way back from coordinates, for those that are in coordinates.
        fourth: Modality -> sum of fourth powers of distances from the mean, where it was asked for.
    """

    sample: Sample
    dims: dict[str, int]
    means: dict[str, Matrix]
    deviations: dict[str, Matrix]
    standardise: bool
    lifts: dict[str, Lift] = field(default_factory=dict)
    fourth: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of_sample(cls, sample: Sample, dims: dict[str, int], standardise: bool) -> Self:
        """Of a sample of the views themselves."""
        means = {m: sample.mean(m) if sample.count(m) else np.zeros(d) for m, d in dims.items()}
        # A column that hardly varies may have a variance below zero, by rounding.
        deviations = {
            m: np.sqrt(np.maximum(np.diag(sample.covariance(m, m)), 0)) if sample.count(m) else np.zeros(d)
            for m, d in dims.items()
        }
        scaled = sample.scaled({m: _units(s) for m, s in deviations.items()}) if standardise else sample
        return cls(scaled, dims, means, deviations, standardise)

    def lifted(self, modality: str, W: Matrix) -> Matrix:
        """(r, k) weights on the sample's columns -> (d, k) on the view's, in the sample's units."""
        return self.lifts[modality](W) if modality in self.lifts else W

    def units(self, modality: str) -> Matrix:
        """(d,) what the sample's columns were divided by."""
        deviations = self.deviations[modality]
        return _units(deviations) if self.standardise else np.ones(len(deviations))

    def signs(self, weights: Mapping[str, Matrix]) -> Matrix:
        """(k,) 1 or -1, which fix the arbitrary signs of directions, so that results repeat across machines.

        The largest weight of a direction becomes positive, of the first modality that the direction concerns.
        """
        signs = np.zeros(next(iter(weights.values())).shape[1])
        for m in self.dims:
            if (signs == 0).any():
                W = self.lifted(m, weights[m])
                signs = np.where(signs == 0, np.sign(W[np.abs(W).argmax(0), np.arange(W.shape[1])]), signs)
        return np.where(signs == 0, 1, signs)


def prepare(views: dict[str, NDArray[Any]], standardise: bool, max_rank: int | None, fourth: bool) -> Prepared:
    """The sample of aligned views; a view with more columns than items, or than `max_rank`, goes by coordinates."""
    dims = {m: X.shape[1] for m, X in views.items()}
    there = {m: ~np.isnan(X[:, 0]) for m, X in views.items()}
    wide = [m for m, d in dims.items() if there[m].sum() > 1 and d > min(there[m].sum(), max_rank or d)]
    inside, lifts, means, deviations = dict(views), {}, {}, {}
    for m in wide:
        X = views[m][there[m]].astype(np.float64)
        means[m], deviations[m] = X.mean(0), X.std(0, ddof=1)
        deviations[m][np.ptp(X, axis=0) == 0] = 0  # a column that never varies, to the last bit
        eps = float(np.finfo(views[m].dtype).eps)
        found = coordinates(X / _units(deviations[m]) if standardise else X, max_rank, eps)
        rank = found.values.shape[1]
        # A view that never varies has no coordinate: one column of zeros stands for it.
        lifts[m] = found.lift if rank else Lift(np.zeros((dims[m], 1)))
        inside[m] = np.full((len(there[m]), max(rank, 1)), np.nan)
        inside[m][there[m]] = found.values if rank else 0
    sample = Sample.of(inside)
    prepared = Prepared.of_sample(sample, {m: X.shape[1] for m, X in inside.items()}, False)
    means, deviations = prepared.means | means, prepared.deviations | deviations
    if standardise:
        units = {m: np.ones(inside[m].shape[1]) if m in lifts else _units(deviations[m]) for m in views}
        sample = sample.scaled(units)
    fourths = {}
    if fourth:
        rows = {m: inside[m] if there[m].all() else inside[m][there[m]] for m in views}
        fourths = {m: fourth_powers(rows[m], prepared.means[m]) for m in views}
    return Prepared(sample, dims, means, deviations, standardise, lifts, fourths)


def _units(deviations: Matrix) -> Matrix:
    """Deviations to divide by: 1 where a column never varies."""
    return np.where(deviations > 0, deviations, 1)
