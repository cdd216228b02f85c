"""The settings that are tried for a space."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

from commonspace.data import Dataset
from commonspace.spaces import Space, find_space
from commonspace.spaces.deep.base import DeepSpace
from commonspace.spaces.search_space import DataFacts

Params = dict[str, Any]
ROOTS = "square_roots"
"""A setting of the benchmark's own: take the square roots of the views, where these are histograms."""

DEEP_SHARE = 5
"""Of a deep space so many times fewer settings are tried, as a fit takes seconds to minutes."""


def candidates(name: str, facts: DataFacts, trials: int) -> list[Params]:
    """What is tried, in order: the defaults, then settings drawn from the search space of the space, none twice.

    At most `trials`, a fifth of them for a deep space. Where every view is a histogram, half of the settings see its
    square roots, by which histograms are compared as by Hellinger's distance.
    """
    if issubclass(find_space(name), DeepSpace):
        trials = -(-trials // DEEP_SHARE)
    parts = find_space(name).search_space(facts)
    if len(facts.histograms) == len(facts.dims):
        parts = [{**part, ROOTS: (False, True)} for part in parts]
    size = len(ParameterGrid(parts))
    drawn = ParameterSampler(parts, min(size, trials), random_state=0)
    return list({repr(params): params for params in ({}, *drawn)}.values())[:trials]


def make(name: str, params: Params, seed: int) -> Space:
    """The space with its parameters, and the seed where it is random."""
    own = {key: value for key, value in params.items() if key != ROOTS}
    cls: Any = find_space(name)
    return cls(**own, **({"random_state": seed} if is_random(name) else {}))  # type: ignore[no-any-return]


def is_random(name: str) -> bool:
    """Whether fits depend on a seed."""
    return "random_state" in find_space(name)().get_params()


def prepared(data: Dataset, params: Params) -> Dataset:
    """The data as a setting wants it."""
    return data.with_views({m: np.sqrt(x) for m, x in data.views.items()}) if params.get(ROOTS) else data
