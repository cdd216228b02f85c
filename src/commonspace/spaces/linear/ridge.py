"""How much ridge a covariance gets: a number, a shrinkage estimated from the data, or a choice on held-out pairs."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from commonspace.errors import ParameterError

from .moments import BLOCK, Matrix

Ridge = float | str | Mapping[str, float]

CHOICES = (1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0)
"""What `ridge="validation"` chooses among."""

CONSTRAINT: list[Any] = [
    Interval(Real, 0, None, closed="left"),
    StrOptions({"ledoit-wolf", "oas", "validation"}),
    Mapping,
]
RANK_CONSTRAINT: list[Any] = [Interval(Integral, 1, None, closed="left"), None]

_MOST = 1e6
"""Where the estimate is that the covariance says nothing at all."""


def given_ridges(ridge: float | Mapping[str, float], modalities: tuple[str, ...]) -> dict[str, float]:
    """Modality -> ridge, from one number or one for each.

    Raises:
        ParameterError: If a modality has none or another one has, or it is negative.
    """
    if not isinstance(ridge, Mapping):
        return dict.fromkeys(modalities, float(ridge))
    if set(ridge) != set(modalities):
        raise ParameterError(
            f"ridge: expected a number for each of {', '.join(modalities)}, got them for {', '.join(ridge) or 'none'}."
        )
    for modality, value in ridge.items():
        if not isinstance(value, Real) or not 0 <= value < np.inf:
            raise ParameterError(f"ridge: expected a number of at least 0 for {modality}, got {value!r}.")
    return {modality: float(ridge[modality]) for modality in modalities}


def oas_ridge(S: Matrix, n: int, d: int) -> float:
    """Oracle approximating shrinkage (Chen, Wiesel, Eldar and Hero 2010), as a relative ridge.

    Args:
        S: The covariance, divided by n - 1; or that of coordinates in fewer columns.
        n: The number of rows.
        d: The number of columns of the view.
    """
    S = S * ((n - 1) / n)
    mean_square, mean_variance = float((S**2).sum()) / d**2, float(np.trace(S)) / d
    denominator = (n + 1) * (mean_square - mean_variance**2 / d)
    return _as_ridge((mean_square + mean_variance**2) / denominator if denominator > 0 else 1.0)


def ledoit_wolf_ridge(S: Matrix, n: int, d: int, fourth: float) -> float:
    """Shrinkage of least expected squared error (Ledoit and Wolf 2004), as a relative ridge.

    Args:
        S: As for `oas_ridge`.
        n: Likewise.
        d: Likewise.
        fourth: The sum over rows of the fourth power of their distance from the mean.
    """
    S = S * ((n - 1) / n)
    square, mean_variance = float((S**2).sum()), float(np.trace(S)) / d
    spread = square - d * mean_variance**2
    noise = min((fourth / n - square) / n, spread)
    return _as_ridge(noise / spread if spread > 0 else 1.0)


def fourth_powers(X: NDArray[Any], mean: Matrix) -> float:
    """The sum over rows of |x - mean|^4, block by block."""
    total = 0.0
    for start in range(0, len(X), BLOCK):
        rows = X[start : start + BLOCK] - mean
        total += float((np.einsum("ij,ij->i", rows, rows) ** 2).sum())
    return total


def _as_ridge(shrinkage: float) -> float:
    """(1 - s) S + s m I has the directions of S + s / (1 - s) m I, where m is the mean variance."""
    return min(max(shrinkage, 0.0) / max(1 - shrinkage, 1 / _MOST), _MOST)
