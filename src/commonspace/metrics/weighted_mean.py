"""The mean of several scorings of the same pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError

from .blocks import RowBlocks


class WeightedMean:
    r"""The weighted mean of several scores of the same queries and gallery, rows computed when asked for.

    $$S_{ij} = \frac{\sum_l w_l S^l_{ij}}{\sum_l w_l}$$

    Args:
        scores: Matrices of shape (n, m), arrays or anything with row slices.
        weights: One number for each, not negative and not all 0; a matrix of weight 0 is never asked for.

    Attributes:
        shape: (n, m).

    Raises:
        InputError: There is no matrix, the shapes differ, or the weights are not as described.

    Examples:
        >>> import numpy as np
        >>> WeightedMean([np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])], [3, 1])[0:1]
        array([[0.75, 0.25]])
    """

    def __init__(self, scores: Sequence[RowBlocks], weights: ArrayLike) -> None:
        shapes = [tuple(matrix.shape) for matrix in scores]
        if not shapes or len(shapes[0]) != 2 or len(set(shapes)) > 1:
            raise InputError(f"scores: expected matrices of one shape, at least one, got {shapes or 'none'}.")
        w = np.asarray(weights)
        if w.shape != (len(shapes),) or w.dtype.kind not in "iuf" or not (w >= 0).all() or not 0 < w.sum() < np.inf:
            raise InputError(
                f"weights: expected {len(shapes)} numbers, one for each matrix, none negative and not all 0, "
                f"got {weights!r}."
            )
        shares = (w / w.sum()).tolist()
        self._parts = [(share, matrix) for share, matrix in zip(shares, scores, strict=True) if share]
        self.shape: tuple[int, int] = (shapes[0][0], shapes[0][1])

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Means of the queries in a slice, (stop - start, m)."""
        share, matrix = self._parts[0]
        mean: NDArray[Any] = share * np.asarray(matrix[rows])
        for share, matrix in self._parts[1:]:
            part = np.asarray(matrix[rows])
            mean = np.add(mean, share * part, out=mean if np.can_cast(part.dtype, mean.dtype) else None)
        return mean
