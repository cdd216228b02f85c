from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from commonspace.errors import InputError
from commonspace.metrics import CosineSimilarity, WeightedMean


def test_the_mean_is_by_weight_and_by_blocks():
    rng = np.random.default_rng(0)
    matrices = [rng.standard_normal((9, 5)) for _ in range(3)]
    mean = WeightedMean(matrices, [1, 2, 5])
    assert mean.shape == (9, 5)
    expected = (matrices[0] + 2 * matrices[1] + 5 * matrices[2]) / 8
    np.testing.assert_allclose(np.vstack([mean[0:4], mean[4:9]]), expected, rtol=1e-12)


def test_what_is_averaged_stays_as_it_was():
    matrices = [np.eye(3), np.ones((3, 3))]
    WeightedMean(matrices, [1, 1])[0:3]
    np.testing.assert_array_equal(matrices[0], np.eye(3))
    np.testing.assert_array_equal(WeightedMean(matrices[:1], [1])[0:3], np.eye(3))


def test_single_precision_stays_and_mixed_becomes_double():
    single, double = np.eye(2, dtype=np.float32), np.eye(2)
    assert WeightedMean([single, single], [1, 1])[0:2].dtype == np.float32
    assert WeightedMean([single, double], [1, 1])[0:2].dtype == np.float64
    assert WeightedMean([double, single], [1, 1])[0:2].dtype == np.float64
    assert WeightedMean([np.eye(2, dtype=int), np.eye(2, dtype=int)], [1, 3])[0:2].dtype == np.float64


def test_a_matrix_of_weight_0_is_not_asked_for():
    class Silent:
        shape = (2, 2)

        def __getitem__(self, rows: slice, /) -> Any:
            raise AssertionError("asked")

    np.testing.assert_array_equal(WeightedMean([Silent(), np.eye(2)], [0, 3])[0:2], np.eye(2))


@pytest.mark.parametrize(
    ("scores", "weights", "message"),
    [
        ([], [], "matrices of one shape, at least one, got none"),
        ([np.ones(3)], [1], "matrices of one shape"),
        ([np.ones((2, 3)), CosineSimilarity(np.eye(2), np.eye(2))], [1, 1], r"got \[\(2, 3\), \(2, 2\)\]"),
        ([np.eye(2)], [1, 1], "weights: expected 1 numbers"),
        ([np.eye(2), np.eye(2)], [1, -1], "none negative"),
        ([np.eye(2), np.eye(2)], [0, 0], "not all 0"),
        ([np.eye(2), np.eye(2)], [np.nan, 1], "weights"),
        ([np.eye(2), np.eye(2)], ["a", "b"], "weights"),
    ],
)
def test_wrong_arguments_are_errors(scores: Any, weights: Any, message: str):
    with pytest.raises(InputError, match=message):
        WeightedMean(scores, weights)
