"""What spaces that relate two modalities by covariance share: standardised columns, nothing inverted."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from commonspace.errors import InputError
from commonspace.spaces.search_space import DataFacts, SearchSpace
from commonspace.spaces.tags import SpaceTags

from .base import LinearSpace
from .moments import Matrix
from .ridge import RANK_CONSTRAINT
from .sample import Sample
from .whitening import rounding, whitening


class CovarianceSpace(LinearSpace):
    """A linear space of two modalities without a ridge, of `CFA`'s parameters, which each method describes."""

    tags: ClassVar[SpaceTags] = SpaceTags(max_modalities=2, streaming=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "standardise": ["boolean"],
        "scaling": [Interval(Real, 0, None, closed="left")],
        "max_rank": RANK_CONSTRAINT,
        "normalize": ["boolean"],
    }

    covariances_: NDArray[np.float64]

    def __init__(
        self,
        n_components: int | None = None,
        *,
        standardise: bool = True,
        scaling: float = 0.0,
        max_rank: int | None = None,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.standardise = standardise
        self.scaling = scaling
        self.max_rank = max_rank
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        scalings = (0.0, 0.5, 1.0, 2.0)
        return [{"n_components": facts.components, "standardise": (True, False), "scaling": scalings}]

    def _limit(self, sample: Sample, S: dict[str, Matrix]) -> int:
        """How many directions two views of these covariances bear."""
        return self._check_ranks(sample, {m: whitening(s, sample.eps(m)).rank for m, s in S.items()})

    def _rounding(self, sample: Sample, S: dict[str, Matrix]) -> float:
        """The share of the largest covariance of projections below which there is nothing but rounding."""
        return max(rounding(len(s), sample.eps(m)) for m, s in S.items())

    def _check_found(self, found: int) -> None:
        """Raises if the views have no direction in common, or fewer than are asked for."""
        if found < 1:
            raise InputError("views: no column of one covaries with a column of the other; nothing relates them.")
        self._check_limit(found, f"views whose cross-covariance has rank {found}")


def correlations(weights: dict[str, Matrix], S: dict[str, Matrix], cross: Matrix) -> Matrix:
    """(k,) correlations of the projections of two views of covariances S and cross-covariance `cross`."""
    (A, B), (first, second) = weights.values(), S.values()
    variances = np.einsum("ij,ij->j", A, first @ A) * np.einsum("ij,ij->j", B, second @ B)
    return np.asarray(np.clip(np.einsum("ij,ij->j", A, cross @ B) / np.sqrt(variances), 0, 1))
