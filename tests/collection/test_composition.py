"""The rule of composed queries, by itself."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from commonspace.collection.composition import compose, weights_of
from commonspace.errors import InputError, ParameterError, UnknownNameError

COUNTS = {"image": 1, "text": 2}


def test_weights_are_one_each_a_number_for_all_or_a_number_for_each():
    assert weights_of(COUNTS, None) == [1, 1, 1]
    assert weights_of(COUNTS, {"text": 0.5}) == [1, 0.5, 0.5]
    assert weights_of(COUNTS, {"text": (1, -1), "image": 2}) == [2, 1, -1]
    arrays: Any = {"text": np.array([0, 3]), "image": np.float32(2)}
    assert weights_of(COUNTS, arrays) == [2, 0, 3]


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (2, ParameterError, r"weights: expected modality -> number, for example \{'text': 0.5\}, got 2"),
        ([1, 2], ParameterError, "expected modality -> number"),
        ({"sound": 1}, UnknownNameError, "unknown modality of the query in weights 'sound'.*Known: image, text"),
        ({"text": [1, 2, 3]}, ParameterError, "text has 2 items in the query and 3 weights. Give one number for each"),
        ({"image": []}, ParameterError, "image has 1 item in the query and 0 weights"),
        ({"text": "1"}, ParameterError, "expected a finite number for text, got '1'"),
        ({"text": [1, None]}, ParameterError, "expected a finite number for text, got None"),
        ({"image": True}, ParameterError, "expected a finite number for image, got True"),
        ({"image": np.inf}, ParameterError, "expected a finite number for image, got inf"),
        ({"image": float("nan")}, ParameterError, "expected a finite number for image, got nan"),
        ({"image": 10**400}, ParameterError, "expected a finite number for image, got 1000"),
        ({"image": 0, "text": 0}, ParameterError, "all are zero.*Give one item or more another weight"),
    ],
)
def test_wrong_weights(weights, error, message):
    with pytest.raises(error, match=message):
        weights_of(COUNTS, weights)


def test_the_sum_of_unit_vectors_brought_to_unit_length():
    found = compose({"image": np.array([[3.0, 0]], np.float32), "text": np.array([[0, 0.1]], np.float32)}, [1, 1])
    np.testing.assert_allclose(found, np.sqrt([0.5, 0.5]), rtol=1e-6)
    found = compose({"image": np.array([[3.0, 0]], np.float32), "text": np.array([[0, 0.1]], np.float32)}, [3, -4])
    np.testing.assert_allclose(found, [0.6, -0.8], rtol=1e-6)
    assert found.dtype == np.float32


def test_the_order_of_items_does_not_matter_to_the_last_bit(rng):
    rows, weights = rng.standard_normal((5, 40)).astype(np.float32), [1, -0.3, 1e-3, 0.7, 2.0]
    expected = compose({"text": rows}, weights)
    for order in itertools.islice(itertools.permutations(range(5)), 0, 120, 7):
        found = compose({"text": rows[list(order)]}, [weights[i] for i in order])
        assert found.tobytes() == expected.tobytes()


def test_only_the_proportion_of_weights_matters(rng):
    rows = rng.standard_normal((3, 8)).astype(np.float32)
    expected = compose({"text": rows}, [1, -2, 3])
    for factor in (2.0**-1000, 2.0**1000):
        assert (compose({"text": rows}, [factor, -2 * factor, 3 * factor]) == expected).all()


@pytest.mark.parametrize("weights", [[1, -1, 0], [-2, 2, 0], [1, 1, -2]])
def test_items_that_cancel_each_other_are_an_error(rng, weights):
    row = rng.standard_normal(50)
    rows = np.stack([row, row * 1.0000001, row]).astype(np.float32)
    with pytest.raises(InputError, match=r"query: its items cancel each other.*Change the weights"):
        compose({"text": rows}, weights)


def test_an_item_without_direction_is_named():
    rows = {"image": np.ones((1, 3), np.float32), "text": np.array([[0, 0, 0]], np.float32)}
    with pytest.raises(InputError, match="query: text: the vector is zero, NaN or infinite"):
        compose(rows, [1, 1])
