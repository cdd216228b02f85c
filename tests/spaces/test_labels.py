"""Labels as target matrices."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from commonspace.errors import InputError
from commonspace.spaces.labels import check_labels, class_targets, indicators


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


@pytest.mark.parametrize(
    "labels",
    [
        np.array([1, 0, 1]),
        np.array([[1], [0], [1]]),
        pd.DataFrame({"y": [1, 0, 1]}),
        list(torch.tensor([1, 0, 1])),
        [np.array(1), np.array(0), np.array(1)],
    ],
    ids=["array", "column", "frame", "tensors", "arrays without axes"],
)
def test_one_label_per_item_in_any_form(labels: Any):
    found = check_labels(labels, 3)
    assert found is not None
    assert found.tolist() == [1, 0, 1]


def test_what_a_mask_hides_is_unknown():
    found = check_labels(np.ma.MaskedArray([1, 0, 1], mask=[False, True, False]), 3)
    assert found is not None
    assert found.tolist() == [1, None, 1]
    matrix = check_labels(np.ma.MaskedArray(np.eye(2), mask=[[False] * 2, [True] * 2]), 2)
    assert matrix is not None
    np.testing.assert_array_equal(indicators(matrix), [[1, 0], [0, 0]])


def test_indicators_are_zeros_and_ones_whatever_their_type():
    Y = np.array([[1, 0], [0, 1], [0, 0]])
    for given in (Y, Y.astype(bool), Y.astype(object), Y.astype(np.float16)):
        np.testing.assert_array_equal(indicators(given), Y)
    gaps = np.where(Y.any(1, keepdims=True), Y, np.nan)
    np.testing.assert_array_equal(indicators(gaps), Y)
    with pytest.raises(InputError, match="expected 0 and 1 in shape"):
        indicators(np.array([[1, np.nan]]))
