"""What spaces that relate modalities by correlation share: a ridge on each covariance."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

from sklearn.utils._param_validation import Interval

from commonspace.spaces.search_space import DataFacts, SearchSpace

from .base import LinearSpace
from .ridge import CONSTRAINT, RANK_CONSTRAINT, Ridge


class CorrelationSpace(LinearSpace):
    """A linear space of `CCA`'s parameters, which each method describes."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "ridge": CONSTRAINT,
        "scaling": [Interval(Real, 0, None, closed="left")],
        "max_rank": RANK_CONSTRAINT,
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        n_components: int | None = None,
        *,
        ridge: Ridge = 1.0,
        scaling: float = 1.0,
        max_rank: int | None = None,
        normalize: bool = True,
    ) -> None:
        self.n_components = n_components
        self.ridge = ridge
        self.scaling = scaling
        self.max_rank = max_rank
        self.normalize = normalize

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """See `Space.search_space`."""
        ridges, scalings = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), (0.0, 1.0, 2.0, 4.0)
        return [{"n_components": facts.components, "ridge": ridges, "scaling": scalings}]
