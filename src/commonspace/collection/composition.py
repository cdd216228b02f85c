"""Several items in one question: their weights, and the one vector they come to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError, UnknownNameError

from .checks import as_direction, unit_vector

Weights = Mapping[str, float | Sequence[float]]
"""Modality -> a number, or one number per item where the query has several of it."""

_SMALLEST = 1e-6
"""Of the length that the sum could have: below this, what is left of it is the rounding of float32."""


def weights_of(counts: Mapping[str, int], weights: Weights | None) -> list[float]:
    """One weight per item, in the order of the items.

    Args:
        counts: Modality -> how many items the query has of it.
        weights: What the user gave; a modality that is not named weighs 1 for each of its items.

    Raises:
        ParameterError: If it is no mapping to finite numbers, has more or fewer numbers than items, or nothing but
            zeros.
        UnknownNameError: If it names a modality that the query does not have.
    """
    if weights is not None and not isinstance(weights, Mapping):
        raise ParameterError(f"weights: expected modality -> number, for example {{'text': 0.5}}, got {weights!r}.")
    for modality in weights or {}:
        if modality not in counts:
            raise UnknownNameError("modality of the query in weights", str(modality), counts)
    out = [w for m, n in counts.items() for w in _of_modality(m, n, 1.0 if weights is None else weights.get(m, 1.0))]
    if not any(out):
        raise ParameterError(f"weights: all are zero, got {weights!r}. Give one item or more another weight.")
    return out


def compose(embeddings: Mapping[str, NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    r"""The direction of several embeddings together.

    $q = s / \lVert s \rVert$ with $s = \sum_i w_i z_i / \lVert z_i \rVert$. The sum is rounded once, at
    its end, so that the order of the items makes no difference.

    Args:
        embeddings: Modality -> (n, dim), those of its items.
        weights: What `weights_of` gives: finite, one per item, not all zero.

    Returns:
        (dim,), of unit length.

    Raises:
        InputError: If an embedding has no direction, or the items cancel each other.
    """
    units = [unit_vector(f"query: {m}", row, len(row)) for m, z in embeddings.items() for row in z]
    each = np.array(weights, np.float64)
    each /= np.abs(each).max()  # so that a sum of large weights does not overflow
    terms = each[:, None] * np.array(units)
    total = np.array([math.fsum(column) for column in terms.T])
    if np.linalg.norm(total) <= _SMALLEST * np.abs(each).sum():
        raise InputError(
            "query: its items cancel each other, so that their weighted sum has no direction. Change the weights, or "
            "leave out what is asked for and against at once."
        )
    return as_direction("query", total, len(total))


def _of_modality(modality: str, n: int, weight: object) -> list[float]:
    if isinstance(weight, Sequence | np.ndarray) and not isinstance(weight, str | bytes):
        values = list(weight)
    else:
        values = [weight] * n
    if len(values) != n:
        raise ParameterError(
            f"weights: {modality} has {n} item{'s' if n > 1 else ''} in the query and {len(values)} weights. Give one "
            "number for each, or one for all."
        )
    return [_finite(modality, value) for value in values]


def _finite(modality: str, value: object) -> float:
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an integer of more than 308 digits
            number = math.inf
        if math.isfinite(number):
            return number
    raise ParameterError(f"weights: expected a finite number for {modality}, got {value!r}.")
