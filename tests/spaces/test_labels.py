"""Labels as target matrices."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from commonspace.errors import InputError
from commonspace.spaces.labels import class_targets


def test_one_label_per_item():
    targets = class_targets(np.array(["sea", "hill", None, "sea", float("nan")], object))
    assert targets.classes == ("hill", "sea")
    np.testing.assert_array_equal(targets.Y, [[0, 1], [1, 0], [0, 0], [0, 1], [0, 0]])
    np.testing.assert_array_equal(targets.labelled, [True, True, False, True, False])


def test_several_labels_per_item():
    Y = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]])
    targets = class_targets(Y)
    assert targets.classes == (0, 1, 2)
    np.testing.assert_array_equal(targets.Y, Y)
    np.testing.assert_array_equal(targets.labelled, [True, False, True])


def test_a_row_of_nan_is_unlabelled():
    targets = class_targets(np.array([[1, 0], [np.nan, np.nan], [0, 1]]))
    np.testing.assert_array_equal(targets.labelled, [True, False, True])


def test_numbers_are_in_order_of_size_and_the_order_of_rows_does_not_matter():
    assert class_targets(np.array([10, 9, 100])).classes == (9, 10, 100)
    assert class_targets(np.array([100, 10, 9])).classes == (9, 10, 100)


def test_any_hashable_is_a_label():
    labels = np.fromiter([("a", 1), date(2020, 1, 1), ("a", 1), 3], object, 4)
    targets = class_targets(labels)
    assert targets.classes == (3, "2020-01-01", ("a", 1))
    np.testing.assert_array_equal(targets.Y.argmax(1), [2, 1, 2, 0])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array(["sea", "sea"]), r"at least two classes, got one class \('sea'\)"),
        (np.array([None, None], object), "at least two classes, got no labelled item"),
        (np.array([[1, 0], [1, 0]]), r"at least two classes, got one class \(0\)"),
        (np.array([[1, 0], [0.5, 1]]), "expected 0 and 1 in shape .*, got 0.5"),
        (np.array([["a", "b"]]), "expected 0 and 1"),
    ],
)
def test_labels_that_separate_nothing_are_an_error(labels, message):
    with pytest.raises(InputError, match=message):
        class_targets(labels)
