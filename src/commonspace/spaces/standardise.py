"""Columns of mean zero and variance one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler

from commonspace.errors import InputError


@dataclass(frozen=True)
class Columns:
    """What makes the columns of a view comparable.

    Attributes:
        mean: (d,).
        scale: (d,) standard deviations; 1 for a column that never varies, which therefore becomes zero.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def apply(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """(n, d) standardised rows, in float64."""
        standardised: NDArray[np.float64] = (rows - self.mean) / self.scale
        return standardised


def columns_of(modality: str, rows: NDArray[Any]) -> Columns:
    """Means and deviations of the columns of (n, d) rows without NaN.

    Raises:
        InputError: If there is no row, or no column varies.
    """
    if len(rows) == 0:
        raise InputError(f"{modality}: no item to learn from has it; expected at least two that differ.")
    scaler = StandardScaler().fit(rows.astype(np.float64, copy=False))
    if not np.ptp(rows, axis=0).any():
        raise InputError(f"{modality}: all {len(rows)} rows to learn from are alike; expected a column that varies.")
    return Columns(scaler.mean_, scaler.scale_)
