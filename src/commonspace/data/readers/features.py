"""Checks of features that a file brings: finite, and absent only by whole rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError


def check_features(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Returns features of shape (n, d) or (n, r, d) if each row (or part) is finite, or NaN all over for absent.

    Raises:
        InputError: If a number is infinite, or a row is NaN in part; the message names row and column.
    """
    finite = np.isfinite(values)
    absent = np.isnan(values).all(-1, keepdims=True)
    wrong = ~finite & ~absent
    if wrong.any():
        *place, column = (int(i) for i in np.argwhere(wrong)[0])
        at = f"row {place[0]}" + (f", part {place[1]}" if len(place) == 2 else "")
        raise InputError(
            f"{name}: {values[(*place, column)]} at {at}, column {column}; expected finite numbers, or NaN in the "
            "whole row where the modality is absent."
        )
    return values
