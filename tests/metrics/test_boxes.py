from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from commonspace.errors import InputError
from commonspace.metrics import intersection_over_union


def drawn(seed: int, n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 15, (n, 2))
    return np.hstack([start, start + rng.integers(1, 15, (n, 2))])


@pytest.mark.parametrize("seed", range(4))
def test_overlap_is_that_of_the_pixels(seed: int):
    a, b = drawn(seed, 6), drawn(seed + 10, 5)

    def pixels(box: Any) -> set[tuple[int, int]]:
        return {(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])}

    expected = [[len(pixels(p) & pixels(q)) / len(pixels(p) | pixels(q)) for q in b] for p in a]
    np.testing.assert_allclose(intersection_over_union(a, b), expected)
    np.testing.assert_allclose(intersection_over_union(b, a), np.transpose(expected))
    np.testing.assert_allclose(np.diag(intersection_over_union(a, a)), 1)


def test_boxes_without_an_area_overlap_nothing():
    np.testing.assert_array_equal(intersection_over_union([[1, 1, 1, 1]], [[1, 1, 1, 1], [0, 0, 2, 2]]), [[0, 0]])


@pytest.mark.parametrize(
    ("box", "told"),
    [
        ([1, 2, 3], r"shape \(n, 4\), got \(3,\)"),
        ([[1, 2, 3]], r"shape \(n, 4\), got \(1, 3\)"),
        ([[0, 0, 1, 1], [2, 0, 1, 1]], "in row 1"),
        ([[0, 0, float("nan"), 1]], "finite"),
    ],
)
def test_what_is_no_box(box: Any, told: str):
    with pytest.raises(InputError, match=told):
        intersection_over_union(box, [[0, 0, 1, 1]])
