from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.metrics import SameItem, SameLabel, SharedLabel


def test_same_label_is_equality():
    rng = np.random.default_rng(0)
    queries, gallery = rng.integers(-2, 3, 9), rng.integers(-2, 3, 13)
    for convert in (np.asarray, lambda labels: labels.astype(str), lambda labels: labels.astype(float), list):
        lazy = SameLabel(convert(queries), convert(gallery))
        assert lazy.shape == (9, 13)
        blocks = np.vstack([lazy[0:4], lazy[4:9]])
        np.testing.assert_array_equal(blocks, queries[:, None] == gallery)


@given(*(hnp.arrays(np.int64, st.integers(0, 9), elements=st.integers(0, 4)) for _ in range(2)), st.integers(0, 9))
def test_right_items_are_told_as_they_stand_in_the_matrix(
    queries: NDArray[np.int64], gallery: NDArray[np.int64], start: int
):
    labels = [[None if code == 0 else code for code in codes] for codes in (queries, gallery)]
    for lazy in (SameItem(queries, gallery), SameLabel(*labels)):
        rows = slice(start, start + 3)
        np.testing.assert_array_equal(lazy.nonzero(rows), np.nonzero(lazy[rows]))


def test_labels_may_be_of_any_hashable_kind():
    labels = ["cat", 3, ("a", 1), datetime.date(1950, 1, 1), True]
    np.testing.assert_array_equal(SameLabel(labels, labels)[0:5], np.eye(5, dtype=bool))


@pytest.mark.parametrize(
    "missing", [None, float("nan"), np.float32("nan"), np.datetime64("NaT"), pd.NA, pd.NaT], ids=repr
)
def test_a_missing_label_is_right_for_nothing(missing: Any):
    np.testing.assert_array_equal(SameLabel([missing, "a"], [missing, "a"])[0:2], [[False, False], [False, True]])


def test_labels_without_axes_are_what_they_hold():
    tensors = list(torch.tensor([1, 2, 1]))
    np.testing.assert_array_equal(SameLabel(tensors, tensors)[0:3], SameLabel([1, 2, 1], [1, 2, 1])[0:3])


def test_missing_entries_of_typed_arrays_are_found():
    numbers = np.array([1.0, np.nan])
    dates = np.array(["2020-01-01", "NaT"], "datetime64[ns]")
    texts = pd.Series(["a", None])
    for labels in (numbers, dates, texts):
        np.testing.assert_array_equal(SameLabel(labels, labels)[0:2], [[True, False], [False, False]])


@pytest.mark.parametrize("labels", [np.eye(2), [[1], [2]], 5])
def test_labels_that_are_not_one_hashable_value_each_are_an_error(labels: Any):
    with pytest.raises(InputError, match="gallery_labels must be one hashable label per item"):
        SameLabel([1, 2], labels)


def test_same_item_is_equality_of_item_numbers():
    lazy = SameItem([0, 1], np.repeat([0, 1], 5))
    assert lazy.shape == (2, 10)
    np.testing.assert_array_equal(lazy[1:2], [[False] * 5 + [True] * 5])


@pytest.mark.parametrize("items", [[0.5], ["a"], [[1]], [None]])
def test_item_numbers_must_be_integers(items: Any):
    with pytest.raises(InputError, match="query_items must be one integer per row"):
        SameItem(items, [0])


def test_shared_label_is_at_least_one_in_common():
    rng = np.random.default_rng(1)
    queries, gallery = rng.integers(0, 2, (6, 4)), rng.integers(0, 2, (9, 4))
    queries[2] = 0  # an item without labels
    expected = np.array([[bool(set(np.flatnonzero(q)) & set(np.flatnonzero(g))) for g in gallery] for q in queries])
    lazy = SharedLabel(queries, gallery.astype(bool))
    assert lazy.shape == (6, 9)
    np.testing.assert_array_equal(np.vstack([lazy[0:5], lazy[5:6]]), expected)
    assert not lazy[2:3].any()


@pytest.mark.parametrize("labels", [[[0, 2]], [[0.0, np.nan]], [0, 1], [["a", "b"]]])
def test_shared_labels_must_be_zeros_and_ones(labels: Any):
    with pytest.raises(InputError, match="query_labels must be a matrix of 0 and 1"):
        SharedLabel(labels, [[0, 1]])


def test_shared_labels_must_have_the_same_columns():
    with pytest.raises(InputError, match="same columns, got 2 and 3"):
        SharedLabel([[0, 1]], [[0, 1, 1]])
