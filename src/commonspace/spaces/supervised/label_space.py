"""The space of label vectors, and fewer dimensions of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from commonspace.errors import ParameterError


def check_components(n_components: int | None, classes: int) -> int:
    """The number of dimensions asked for; None is one per class.

    Raises:
        ParameterError: If there are more than classes.
    """
    if n_components is not None and n_components > classes:
        raise ParameterError(
            f"n_components={n_components}, but an embedding is made of one number per class and {classes} classes bear "
            f"at most {classes}; None takes them all."
        )
    return n_components or classes


def leading_directions(moment: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """(c, k) orthonormal directions in which label vectors of this moment are largest; the axes for k = c.

    Args:
        moment: (c, c) the mean of f f' over label vectors f.
        k: How many.
    """
    c = len(moment)
    if k == c:
        return np.eye(c)
    V = linalg.eigh(moment, subset_by_index=(c - k, c - 1))[1][:, ::-1]
    # The sign of an eigenvector is arbitrary: fixed here, so that results repeat across machines.
    signed: NDArray[np.float64] = V * np.sign(V[np.abs(V).argmax(0), np.arange(k)])
    return signed
