"""Regressions of several modalities on the same labels, tied by their class means."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from .penalised import GroupNorm, Quadratic


class Regression:
    """One modality's part of the objective.

    Args:
        X: (n, d) standardised rows.
        Y: (n, c) of 0 and 1.
        norm: The penalty on the weights.
        sparsity: Its multiple, as a share of the one that leaves nothing.

    Attributes:
        there: (c,) whether the modality has items of a class.
        means: (c, d) class means; zeros where there are none.
        weights: (d, c).
    """

    def __init__(self, X: NDArray[np.float64], Y: NDArray[np.float64], norm: GroupNorm, sparsity: float) -> None:
        counts = Y.sum(0)
        self.there = counts > 0
        self.means = (Y.T @ X) / np.maximum(counts, 1)[:, None]
        self.weights = np.zeros((X.shape[1], Y.shape[1]))
        self._X, self._Y = X / np.sqrt(len(X)), Y / np.sqrt(len(X))
        self._norm = norm
        self._penalty = sparsity * norm.dual(2 * self._X.T @ self._Y)

    @property
    def class_predictions(self) -> NDArray[np.float64]:
        """(c, c) predicted label vectors of the class means."""
        return np.asarray(self.means @ self.weights)

    @property
    def moment(self) -> NDArray[np.float64]:
        """(c, c) mean product of predicted label vectors."""
        F = self._X @ self.weights
        return np.asarray(F.T @ F)

    def objective(self) -> float:
        """Mean squared error and penalty."""
        return float(np.square(self._X @ self.weights - self._Y).sum()) + self._penalty * self._norm.value(self.weights)

    def couple(self, coupling: NDArray[np.float64]) -> None:
        """Says what being off another modality's class mean costs: (c,), per class, summed over other modalities."""
        # Class means as further rows, so that the smooth part is one sum of squares.
        self._coupling = np.sqrt(coupling)[:, None]
        self._quadratic = Quadratic(np.vstack([self._X, self._coupling * self.means]))

    def update(self, wanted: NDArray[np.float64], *, start: bool = False) -> None:
        """Moves the weights to the minimum of what touches the objective there and is nowhere below it.

        Args:
            wanted: (c, c) the mean of other modalities' class predictions.
            start: Begin with a plain ridge; reweighting cannot leave zero.
        """
        ridge = np.full(len(self.weights), 0.5) if start else self._norm.ridge(self.weights)
        targets = np.vstack([self._Y, self._coupling * wanted])
        self.weights = self._quadratic.minimiser(self._penalty * ridge, targets)


def learn(parts: Sequence[Regression], coupling: float, max_iter: int, tol: float) -> NDArray[np.float64]:
    """Sets the weights of all parts.

    Args:
        parts: One per modality.
        coupling: mu.
        max_iter: The most rounds over the modalities.
        tol: Stop when a round lowers the objective by less than this share.

    Returns:
        (rounds + 1,) the smoothed objective after the start and each round.
    """
    classes = len(parts[0].there)
    sharing = np.sum([part.there for part in parts], axis=0)
    partners = [np.where(part.there, sharing - 1, 0) for part in parts]

    def objective() -> float:
        gaps = [
            np.square((a.class_predictions - b.class_predictions)[a.there & b.there]).sum()
            for a, b in combinations(parts, 2)
        ]
        return sum(part.objective() for part in parts) + coupling / classes * float(sum(gaps))

    def round_of_updates(*, start: bool = False) -> None:
        for part, others in zip(parts, partners, strict=True):
            total = np.sum([other.class_predictions for other in parts if other is not part], axis=0)
            part.update(total / np.maximum(others, 1)[:, None], start=start)

    for part, others in zip(parts, partners, strict=True):
        part.couple(coupling / classes * others)
    round_of_updates(start=True)
    values = [objective()]
    for _ in range(max_iter):
        round_of_updates()
        values.append(objective())
        if values[-2] - values[-1] <= tol * values[-2]:
            break
    return np.array(values)
