"""Weights of modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np

from commonspace.errors import ParameterError


def modality_weights(given: Mapping[str, float] | None, modalities: Sequence[str]) -> dict[str, float]:
    """Modality -> weight; those not named have 1.

    Raises:
        ParameterError: If a name is no modality, a weight is no finite number of 0 or more, or none is above 0.
    """
    for m, weight in (given or {}).items():
        if m not in modalities:
            raise ParameterError(f"weights: names {m!r}, which is not among the views ({', '.join(modalities)}).")
        if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 <= float(weight) < np.inf:
            raise ParameterError(f"weights[{m!r}]: expected a number of at least 0, got {weight!r}.")
    weights = {m: float((given or {}).get(m, 1.0)) for m in modalities}
    if not any(weights.values()):
        raise ParameterError(f"weights: expected one above 0, got {dict(given or {})}.")
    return weights
