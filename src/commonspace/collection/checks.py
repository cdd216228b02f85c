"""Checks on single values that several modules make."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError

if TYPE_CHECKING:
    from commonspace.spaces import Space

_MOST_DIMENSIONS = 65_536


def is_text(value: object) -> TypeGuard[str]:
    """Whether a value is a text that a file can hold: one without lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_path(text: str) -> bool:
    """Whether a text may be a whole path, of whichever system.

    Examples:
        >>> is_path("/photos/a.png"), is_path("C:/photos/a.png"), is_path("a dog, photos/a.png")
        (True, True, False)
    """
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def whole_number(name: str, value: object, *, most: int | None = None) -> int:
    """The value as an int of 1 or more.

    Args:
        name: The parameter, for the message.
        value: What the user gave.
        most: The largest that is taken; None for any.

    Raises:
        ParameterError: If it is no integer, below 1, or above `most`.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):  # type: ignore[operator]
        expected = "of 1 or more" if most is None else f"from 1 to {most:,}"
        raise ParameterError(f"{name}: expected an integer {expected}, got {value!r}.")
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_dim(space: Space | None, dim: int | None) -> int:
    """The length of a vector: the fitted space's, or what was given where there is no space.

    Raises:
        ParameterError: If neither or both are given, the space is not fitted, or the length is none.
    """
    if space is not None:
        fitted = getattr(space, "n_components_", None)
        if fitted is None:
            raise ParameterError(f"space: {type(space).__name__} is not fitted. Call fit(views) first.")
        if dim is not None and dim != fitted:
            raise ParameterError(f"dim: the space gives {fitted} dimensions, got dim={dim}. Leave dim out.")
        return whole_number("dim", fitted, most=_MOST_DIMENSIONS)
    if dim is None:
        raise ParameterError("create: give a fitted space, or dim= for bare vectors.")
    return whole_number("dim", dim, most=_MOST_DIMENSIONS)


def as_direction(name: str, values: object, dim: int) -> NDArray[np.float32]:
    """A vector of unit length, after looking at it.

    Raises:
        InputError: If it is not a row of `dim` finite numbers that has a direction.
    """
    return np.asarray(unit_vector(name, values, dim), np.float32)


def as_directions(name: str, values: object, dim: int) -> NDArray[np.float32]:
    """(m, dim) vectors of unit length, after looking at them.

    Raises:
        InputError: If they are no such rows of finite numbers, or one has no direction.
    """
    try:
        rows: NDArray[np.float64] = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected rows of {dim} numbers ({error}).") from error
    if rows.ndim != 2 or rows.shape[1] != dim:
        raise InputError(f"{name}: the collection holds vectors of dimension {dim}, got shape {rows.shape}.")
    units = [as_direction(f"{name}[{position}]", row, dim) for position, row in enumerate(rows)]
    return np.stack(units) if units else np.empty((0, dim), np.float32)


def unit_vector(name: str, values: object, dim: int) -> NDArray[np.float64]:
    """As `as_direction`, before it is rounded."""
    try:
        row: NDArray[np.float64] = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected a vector of {dim} numbers ({error}).") from error
    if row.shape != (dim,):
        raise InputError(f"{name}: the collection holds vectors of dimension {dim}, got shape {row.shape}.")
    largest = np.abs(row).max()
    if not np.isfinite(largest) or largest == 0:
        raise InputError(f"{name}: the vector is zero, NaN or infinite and has no direction.")
    row = row / largest  # so that the length neither overflows nor vanishes
    return row / np.linalg.norm(row)
