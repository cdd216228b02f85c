"""Regressions of several modalities on the same labels, tied by their pairs and smooth on their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .penalised import GroupNorm, Quadratic


class JointRegression:
    """The objective of JRL and its parts.

    Args:
        views: Per modality, (n, d) standardised rows; NaN where an item lacks it.
        Y: (n, c) of 0 and 1; zeros where an item has no label.
        paired: (n,) which items the pair term may use.
        laplacians: Per modality, (n_m, n_m) of the items that have it.
        lam: Weight of the pair term.
        mu: Weight of the label term.
        sigma: Weight of the graph term.
        gamma: Weight of the penalty: as it is if `sums`, else as a share of what leaves nothing.
        sums: Whether terms are sums over items instead of means.

    Attributes:
        weights: Per modality, (d, c).
    """

    def __init__(
        self,
        views: Sequence[NDArray[np.float64]],
        Y: NDArray[np.float64],
        paired: NDArray[np.bool_],
        laplacians: Sequence[Any],
        *,
        lam: float,
        mu: float,
        sigma: float,
        gamma: float,
        sums: bool,
    ) -> None:
        def average(weight: float, count: int) -> float:
            return weight if sums else weight / max(count, 1)

        self._Y = Y
        self._there = [~np.isnan(view[:, 0]) for view in views]
        self._X = [view[there] for view, there in zip(views, self._there, strict=True)]
        labelled = [there & Y.any(1) for there in self._there]
        # Per modality, the weight of each item in the label term.
        self._label = [average(mu, int(some.sum())) * some.astype(np.float64) for some in labelled]
        # Per pair of modalities, the weight of each item in the pair term.
        self._pair: dict[tuple[int, int], NDArray[np.float64]] = {}
        for a, b in combinations(range(len(views)), 2):
            both = self._there[a] & self._there[b] & paired
            self._pair[a, b] = self._pair[b, a] = average(lam, int(both.sum())) * both.astype(np.float64)
        self._graph = [average(sigma, len(X)) * L for X, L in zip(self._X, laplacians, strict=True)]
        self._norms = [GroupNorm(range(X.shape[1])) for X in self._X]
        self._penalty = [
            gamma if sums else gamma * norm.dual(2 * X.T @ (label[there, None] * Y[there]))
            for X, there, label, norm in zip(self._X, self._there, self._label, self._norms, strict=True)
        ]
        self._quadratic = [Quadratic(X, self._middle(m)) for m, X in enumerate(self._X)]
        self.weights: list[NDArray[np.float64]] = [np.zeros((X.shape[1], Y.shape[1])) for X in self._X]

    def predictions(self) -> list[NDArray[np.float64]]:
        """Per modality, (n, c) predicted label vectors; zeros where an item lacks it."""
        return [self._predict(m) for m in range(len(self._X))]

    def moments(self) -> list[NDArray[np.float64]]:
        """Per modality, (c, c) the mean product of predicted label vectors."""
        return [F.T @ F / len(X) for F, X in zip(self.predictions(), self._X, strict=True)]

    def objective(self) -> float:
        """The smoothed objective."""
        F = self.predictions()
        total = 0.0
        for m, there in enumerate(self._there):
            total += float(self._label[m] @ np.square(F[m] - self._Y).sum(1))
            total += float(np.sum(F[m][there] * (self._graph[m] @ F[m][there])))
            total += self._penalty[m] * self._norms[m].value(self.weights[m])
        return total + sum(float(self._pair[a, b] @ np.square(F[a] - F[b]).sum(1)) for a, b in self._pair if a < b)

    def start(self) -> None:
        """Weights by a plain ridge; reweighting cannot leave zero."""
        F = self.predictions()
        for m, X in enumerate(self._X):
            self.weights[m] = self._minimiser(m, np.full(X.shape[1], 0.5), F)
            F[m] = self._predict(m)

    def start_uniform(self) -> None:
        """Weights between 0 and 1, from the same stream for every modality."""
        self.weights = [np.random.default_rng(0).random(P.shape) for P in self.weights]

    def update(self, *, at_once: bool = False) -> None:
        """One round over the modalities: each takes the others as they are by then, or, `at_once`, as they were."""
        F = self.predictions()
        for m in range(len(self._X)):
            self.weights[m] = self._minimiser(m, self._norms[m].ridge(self.weights[m]), F)
            if not at_once:
                F[m] = self._predict(m)

    def _minimiser(self, m: int, ridge: NDArray[np.float64], F: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        targets = self._label[m][:, None] * self._Y
        for (a, b), weight in self._pair.items():
            if a == m:
                targets = targets + weight[:, None] * F[b]
        return self._quadratic[m].minimiser(self._penalty[m] * ridge, targets[self._there[m]])

    def _middle(self, m: int) -> Any:
        weight = self._label[m] + np.sum([w for (a, _), w in self._pair.items() if a == m], axis=0)
        return sparse.diags_array(weight[self._there[m]]) + self._graph[m]

    def _predict(self, m: int) -> NDArray[np.float64]:
        F = np.zeros_like(self._Y)
        F[self._there[m]] = self._X[m] @ self.weights[m]
        return F


def minimise(problem: JointRegression, max_iter: int, tol: float, *, paper: bool) -> NDArray[np.float64]:
    """Sets the weights; the objective after the start and each round.

    Args:
        problem: What to minimise.
        max_iter: The most rounds.
        tol: Stop when a round lowers the objective by less than this share.
        paper: Start and update as the authors' code does.
    """
    if paper:
        problem.start_uniform()
    else:
        problem.start()
    values = [problem.objective()]
    for _ in range(max_iter):
        problem.update(at_once=paper)
        values.append(problem.objective())
        if values[-2] - values[-1] <= tol * abs(values[-2]):
            break
    return np.array(values)
