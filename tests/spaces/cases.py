"""Every registered space with data that suits its tags, so that one suite asks the same of all of them."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.spaces import Space, SpaceTags, all_spaces
from commonspace.spaces.deep.base import DeepSpace

SETTINGS: dict[str, dict[str, Any]] = {
    "LGCFL": {"n_components": 3},  # three classes bear no more
    "JRL": {"n_components": 3},
    "SemanticMatching": {"n_components": 3},
    "SCM": {"n_components": 3},
    "DeepSM": {"n_components": None, "compare_by": "cosine"},
    "CCL": {"max_epochs": 1, "n_components": 16, "batch_size": 32},
    "CMDN": {"max_epochs": 1},
    "FusionTransformer": {"width": 16},
}
"""Class name -> constructor arguments that make `fit` fast, where the defaults are not."""

N = 90
DIMS = {"image": 10, "text": 8, "audio": 7}

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Case:
    """One space and how to call it."""

    cls: type[Space]

    @property
    def tags(self) -> SpaceTags:
        return self.cls.tags

    @property
    def seeded(self) -> bool:
        return "random_state" in self.cls().get_params()

    @property
    def deep(self) -> bool:
        return issubclass(self.cls, DeepSpace)

    @property
    def thorough(self) -> dict[str, Any]:
        """Parameters with which `make` gives a space that learns well, where it is else made to learn quickly."""
        return {"max_epochs": 60, "hidden_sizes": (64,), "learning_rate": 3e-3} if self.deep else {}

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(DIMS)[: min(len(DIMS), self.tags.max_modalities or len(DIMS))]

    def make(self, **params: Any) -> Space:
        seed = {"random_state": 0} if self.seeded else {}
        short = {"max_epochs": 3, "hidden_sizes": (16,)} if self.deep else {}
        return self.cls(**{"n_components": 4, **seed, **short, **SETTINGS.get(self.cls.__name__, {}), **params})

    def views(self, n: int = N, seed: int = 1) -> Arrays:
        """Views of a shared three-dimensional latent; float32 whatever the machine, so that copies are exact."""
        rng = np.random.default_rng(seed)
        latent = self.latent(n, seed)
        maps = np.random.default_rng(0)
        return {
            m: (latent @ maps.standard_normal((3, d)) + 0.3 * rng.standard_normal((n, d))).astype(np.float32)
            for m, d in DIMS.items()
            if m in self.modalities
        }

    def latent(self, n: int = N, seed: int = 1) -> NDArray[np.float64]:
        return np.random.default_rng([seed, 7]).standard_normal((n, 3))

    def labels(self, n: int = N, seed: int = 1) -> NDArray[Any]:
        names: NDArray[Any] = np.array(["sea", "hill", "town"])
        chosen: NDArray[Any] = names[self.latent(n, seed).argmax(1)]
        return chosen

    def time(self, n: int = N) -> dict[str, Any]:
        """The `time` argument, where the space takes one."""
        return {"time": np.linspace(1990, 2010, n)} if self.tags.uses_time else {}

    def fit(self, space: Space, views: Any = None, labels: Any = None, **arguments: Any) -> Space:
        views = self.views() if views is None else views
        labels = self.labels() if labels is None else labels
        return space.fit(views, labels, **{**self.time(len(next(iter(views.values()))) if views else N), **arguments})

    def fitted(self, views: Any = None, labels: Any = None, **params: Any) -> Space:
        return self.fit(self.make(**params), views, labels)

    @property
    def known(self) -> Space:
        """A copy of what `fitted` gives, which is fitted once in a process: for what is asked after that."""
        return copy.deepcopy(_fitted_once(self))

    def transform(self, space: Space, views: Any) -> dict[str, NDArray[np.float32]]:
        return space.transform(views, **self.time(len(next(iter(views.values())))))

    def with_gaps(self) -> tuple[Arrays, dict[str, NDArray[np.bool_]]]:
        """Views in which a sixth of the items lack the first modality, others the second; and who has what."""
        views, rows = self.views(), np.arange(N)
        present = {m: rows % 6 != i for i, m in enumerate(self.modalities)}
        for m, view in views.items():
            view[~present[m]] = np.nan
        return views, present

    def with_parts(self) -> Arrays:
        """Views whose second modality has up to three parts, in a third of the items only one."""
        views, second = self.views(), self.modalities[1]
        rng = np.random.default_rng(5)
        parts = views[second][:, None] + 0.01 * rng.standard_normal((N, 3, DIMS[second])).astype(np.float32)
        parts[::3, 1:] = np.nan
        return {**views, second: parts}


@cache
def _fitted_once(case: Case) -> Space:
    return case.fitted()


CASES = {name: Case(cls) for name, cls in all_spaces().items()}

IN_MANY_STAGES = ("cmdn", "ccl")
"""Spaces whose fits take a second however little they are asked: theirs are slow tests."""


def parameters(names: Iterable[str]) -> list[Any]:
    """Spaces by command-line name, in one parameter "case"."""
    return [
        pytest.param(CASES[name], id=name, marks=pytest.mark.slow if name in IN_MANY_STAGES else ()) for name in names
    ]
