"""What the functions of this package are given, checked."""

from __future__ import annotations

import math
from numbers import Integral, Real

from commonspace.errors import ParameterError


def count(name: str, value: object, least: int = 1) -> int:
    """A whole number.

    Raises:
        ParameterError: If it is none, or below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ParameterError(f"{name}: expected a whole number of {least} or more, got {value!r}.")
    return int(value)


def distance(name: str, value: object) -> float:
    """A finite number above 0.

    Raises:
        ParameterError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
        raise ParameterError(f"{name}: expected a number above 0, got {value!r}.")
    return float(value)


def share(name: str, value: object) -> float:
    """A number between 0 and 1.

    Raises:
        ParameterError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < 1:
        raise ParameterError(f"{name}: expected a number between 0 and 1, such as 0.95, got {value!r}.")
    return float(value)
