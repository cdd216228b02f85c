"""How much boxes overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError


def intersection_over_union(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    r"""The area that two boxes share over the area that they cover together, for each box of a with each of b.

    $$\mathrm{IoU}_{ij} = \frac{|a_i \cap b_j|}{|a_i \cup b_j|}$$

    This is the Jaccard index of the two areas.

    Args:
        a: (n, 4) left, top, right, bottom, in any unit.
        b: (m, 4) likewise.

    Returns:
        (n, m) from 0 to 1; 0 where neither has an area.

    Raises:
        InputError: If a box has not four finite numbers, or ends before it begins.

    Examples:
        >>> intersection_over_union([[0, 0, 2, 2]], [[1, 0, 3, 2], [2, 2, 3, 3]])
        array([[0.33333333, 0.        ]])

    Source:
        M. Everingham, L. Van Gool, C. Williams, J. Winn, A. Zisserman, The Pascal visual object classes (VOC)
        challenge, International Journal of Computer Vision 88, 2010.
    """
    first, second = _boxes("a", a)[:, None], _boxes("b", b)[None]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = sides.clip(0).prod(-1)
    covered = _area(first) + _area(second) - shared
    return np.asarray(shared / np.where(covered > 0, covered, 1))


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((boxes[..., 2:] - boxes[..., :2]).prod(-1))


def _boxes(name: str, given: ArrayLike) -> NDArray[np.float64]:
    boxes = np.asarray(given, np.float64)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InputError(f"{name}: expected boxes of four numbers each, shape (n, 4), got {boxes.shape}.")
    wrong = ~np.isfinite(boxes).all(1) | (boxes[:, 2:] < boxes[:, :2]).any(1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"{name}: expected left, top, right, bottom, finite and the end after the beginning, got "
            f"{boxes[row].tolist()} in row {row}."
        )
    return boxes
