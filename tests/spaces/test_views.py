from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.spaces.directions import flatten_parts
from commonspace.spaces.views import BLOCK, Rows, check_aligned, check_column, check_view, check_views, expand

Item = tuple[tuple[int, ...], ...]


@st.composite
def views_with_parts(draw: st.DrawFn) -> tuple[dict[str, NDArray[np.float64]], list[list[list[int]]]]:
    """Views of one to three modalities with up to three parts, and per item and modality the slots that are there.

    A cell's value tells modality, item and slot. Modalities of at most one part are sometimes plain matrices.
    """
    n, m = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    rooms = draw(st.lists(st.integers(1, 3), min_size=m, max_size=m))
    slots = [[[s for s in range(room) if draw(st.booleans())] for room in rooms] for _ in range(n)]
    views = {}
    for j, room in enumerate(rooms):
        view = np.full((n, room, 2), np.nan)
        for i in range(n):
            for s in slots[i][j]:
                view[i, s] = [100 * j + 10 * i + s, -1]
        views[f"m{j}"] = view[:, 0] if room == 1 and draw(st.booleans()) else view
    return views, slots


@given(views_with_parts())
def test_expand_is_the_cartesian_product_of_each_items_parts(
    case: tuple[dict[str, NDArray[np.float64]], list[list[list[int]]]],
):
    views, slots = case
    n = len(slots)
    items, expected = [], []
    for i in range(n):
        for choice in product(*[there or [-1] for there in slots[i]]):
            items.append(i)
            expected.append([np.nan if s < 0 else 100 * j + 10 * i + s for j, s in enumerate(choice)])
    rows = expand(views, np.array([f"l{i}" for i in range(n)]), np.arange(n) / 2)
    np.testing.assert_array_equal(rows.item, items)
    np.testing.assert_array_equal(np.stack([x[:, 0] for x in rows.views.values()], 1), expected)
    assert rows.labels is not None
    assert rows.time is not None
    np.testing.assert_array_equal(rows.labels, [f"l{i}" for i in items])
    np.testing.assert_array_equal(rows.time, np.array(items) / 2)

    complete = rows.complete()
    keep = [not np.isnan(row).any() for row in np.array(expected)]
    np.testing.assert_array_equal(complete.item, np.array(items)[keep])
    np.testing.assert_array_equal(np.stack([x[:, 0] for x in complete.views.values()], 1), np.array(expected)[keep])
    assert complete.labels is not None
    assert complete.time is not None
    assert len(complete.labels) == len(complete.time) == len(complete.item)


def test_expand_leaves_plain_matrices_as_they_are():
    views = {"a": np.arange(6.0).reshape(3, 2), "b": np.arange(3, dtype=np.float32)[:, None]}
    rows = expand(views)
    assert rows.labels is None
    assert rows.time is None
    assert all(rows.views[m] is views[m] for m in views)
    assert rows.complete() is rows
    assert rows.views["b"].dtype == np.float32


def test_expand_takes_several_labels_per_item():
    parts = np.array([[[1.0], [2.0]], [[3.0], [np.nan]]])
    rows = expand({"a": parts, "b": np.zeros((2, 1))}, np.array([[1, 0], [0, 1]]))
    assert rows.labels is not None
    np.testing.assert_array_equal(rows.labels, [[1, 0], [1, 0], [0, 1]])


def test_complete_keeps_nothing_where_no_item_has_everything():
    rows = Rows({"a": np.array([[1.0], [np.nan]]), "b": np.array([[np.nan], [1.0]])}, np.arange(2))
    assert len(rows.complete().item) == 0
    assert rows.complete().labels is None


@given(views_with_parts())
def test_flatten_parts_gives_every_part_and_its_item(
    case: tuple[dict[str, NDArray[np.float64]], list[list[list[int]]]],
):
    views, slots = case
    for j, view in enumerate(views.values()):
        rows, item = flatten_parts(view.astype(np.float32))
        there = [(i, s) for i in range(len(slots)) for s in slots[i][j]]
        np.testing.assert_array_equal(item, [i for i, _ in there])
        np.testing.assert_array_equal(rows[:, 0], [100 * j + 10 * i + s for i, s in there])


@pytest.mark.parametrize("shape", [(0, 3), (0, 2, 3)])
def test_no_items_have_no_parts(shape: tuple[int, ...]):
    rows, item = flatten_parts(np.zeros(shape, np.float32))
    assert (rows.shape, item.shape) == ((0, 3), (0,))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.ones((2, 3), np.float32), np.float32),
        (np.ones((2, 3)), np.float64),
        (np.ones((2, 3), np.float16), np.float32),
        (np.ones((2, 3), int), np.float64),
        (np.ones((2, 3), bool), np.float64),
        ([[1, 2, 3], [4, 5, 6]], np.float64),
        (pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}), np.float64),
    ],
)
def test_check_view_gives_single_or_double_precision(values: Any, dtype: type):
    assert check_view("image", values).dtype == dtype


def test_check_view_does_not_copy_what_is_right():
    view = np.ones((2, 3), np.float32)
    assert check_view("image", view) is view


def test_a_part_that_is_half_missing_is_an_error_with_its_place():
    view = np.zeros((3, 2, 4))
    view[1] = np.nan
    assert np.isnan(check_view("text", view)[1]).all()
    view[2, 1, 3] = np.nan
    with pytest.raises(InputError, match="text: nan in row 2, column 3; expected finite numbers"):
        check_view("text", view)


def test_the_place_is_told_in_any_block():
    view = np.zeros((3 * BLOCK, 2), np.float32)
    view[5] = view[2 * BLOCK] = np.nan
    assert check_view("text", view) is view
    view[2 * BLOCK + 7, 1] = -np.inf
    with pytest.raises(InputError, match=f"text: -inf in row {2 * BLOCK + 7}, column 1; expected finite numbers"):
        check_view("text", view)


def test_a_row_of_infinity_is_not_an_absent_item():
    with pytest.raises(InputError, match="image: inf in row 0, column 0"):
        check_view("image", [[np.inf, np.inf]])


@pytest.mark.parametrize(("dtype", "largest"), [(np.float32, 1e15), (np.float64, 1e70)])
def test_numbers_whose_squares_cannot_be_summed_are_refused_with_their_place(dtype: type, largest: float):
    view: NDArray[Any] = np.zeros((BLOCK + 3, 2), dtype)
    view[1] = np.nan
    view[BLOCK + 2] = largest, -largest
    assert check_view("text", view) is view
    for value in (2 * largest, -2 * largest, np.finfo(dtype).max):
        view[BLOCK + 2, 1] = value
        with pytest.raises(InputError, match=rf"text: .* in row {BLOCK + 2}, column 1; expected numbers of at most"):
            check_view("text", view)


def test_check_view_names_the_columns_of_fit():
    assert check_view("image", np.ones((2, 3)), dim=3).shape == (2, 3)
    with pytest.raises(InputError, match="image: expected 4 columns, as in fit, got 3"):
        check_view("image", np.ones((2, 3)), dim=4)


def test_a_mask_blanks_items_and_leaves_the_callers_array():
    view = np.ones((3, 2, 2), np.float32)
    checked = check_views({"a": view, "b": np.ones((3, 1), int)}, present={"a": [True, False, True], "b": [0, 1, 1]})
    np.testing.assert_array_equal(np.isnan(checked["a"]).all((1, 2)), [False, True, False])
    np.testing.assert_array_equal(np.isnan(checked["b"][:, 0]), [True, False, False])
    assert checked["a"].dtype == np.float32
    assert np.isfinite(view).all()


@pytest.mark.parametrize("wrong", [[[1, 2], [3]], [["x", "y"], ["z", "w"]], 5])
def test_a_mask_does_not_hide_a_view_that_cannot_be_used(wrong: Any):
    with pytest.raises(InputError, match=r"image"):
        check_views({"image": wrong, "text": np.ones((2, 1))}, present={"image": [True, False]})


@pytest.mark.parametrize("dtype", [object, np.float16, np.float32, int])
def test_a_mask_blanks_items_of_any_type(dtype: type):
    view: NDArray[Any] = np.arange(6).reshape(3, 2).astype(dtype)
    checked = check_views({"a": view, "b": np.ones((3, 1))}, present={"a": np.array([True, False, True], object)})
    np.testing.assert_array_equal(checked["a"], [[0, 1], [np.nan, np.nan], [4, 5]])


@pytest.mark.parametrize(
    ("mask", "got"),
    [(np.arange(3), "2"), (["no"] * 3, "'no'"), ([1.0, 0.5, 0.0], r"0\.5"), ([True, None, False], "None")],
)
def test_a_mask_is_of_true_and_false(mask: Any, got: str):
    with pytest.raises(InputError, match=f"present: expected True or False for each item of a, got .*{got}"):
        check_views({"a": np.ones((3, 2)), "b": np.ones((3, 1))}, present={"a": mask})


@pytest.mark.parametrize("dtype", [np.float32, int])
def test_what_a_masked_array_masks_is_absent(dtype: type):
    values: NDArray[Any] = np.ones((3, 2), dtype)
    rows: Any = np.ma.masked_array(values, mask=[[False] * 2, [True] * 2, [False] * 2])
    assert np.isnan(check_view("image", rows)).tolist() == [[False] * 2, [True] * 2, [False] * 2]
    assert check_view("image", rows[:1]).dtype == (np.float32 if dtype is np.float32 else np.float64)
    cell: Any = np.ma.masked_array(values, mask=[[False] * 2, [False, True], [False] * 2])
    with pytest.raises(InputError, match="image: nan in row 1, column 1"):
        check_view("image", cell)


def test_gaps_of_a_frame_with_nullable_columns_are_absent_items():
    frame = pd.DataFrame({"a": [1, None, 3], "b": [4.5, None, 6]}).convert_dtypes()
    np.testing.assert_array_equal(check_view("image", frame), [[1, 4.5], [np.nan, np.nan], [3, 6]])
    assert check_view("image", frame.dropna().astype("float32")).dtype == np.float32


def test_a_tensor_that_wants_a_gradient_is_an_error_that_says_so():
    with pytest.raises(InputError, match=r"image: expected an array of numbers.*detach"):
        check_view("image", torch.ones(2, 2, requires_grad=True))


def test_check_aligned_counts_items_or_tells_who_has_how_many():
    assert check_aligned({"a": np.ones((3, 2)), "b": np.ones((3, 4, 1))}) == 3
    with pytest.raises(InputError, match="views: rows must match item by item, but a has 3, b has 2"):
        check_aligned({"a": np.ones((3, 2)), "b": np.ones((2, 2))})


def labels_of(values: Any, n: int) -> NDArray[Any]:
    column = check_column("labels", values, n)
    assert column is not None
    return column


def test_check_column_keeps_missing_labels_missing():
    assert check_column("labels", None, 3) is None
    column = labels_of(["a", None, float("nan")], 3)
    assert column[0] == "a"
    assert column[1] is None
    assert column[2] != column[2]


def test_check_column_keeps_tuples_whole_and_reads_lists_of_numbers_as_a_matrix():
    assert labels_of([("a", 1), ("b", 2)], 2).tolist() == [("a", 1), ("b", 2)]
    for rows in ([[1, 0], [0, 1]], [np.array([1, 0]), np.array([0, 1])], np.eye(2, dtype=int)):
        column = labels_of(rows, 2)
        assert column.dtype.kind == "i"
        np.testing.assert_array_equal(column, np.eye(2))


@pytest.mark.parametrize("values", [["a"], [["a"]], "ab", 3, np.zeros((2, 2, 2)), [[1], [1, 2]]])
def test_check_column_refuses_what_is_not_one_entry_per_item(values: Any):
    with pytest.raises(InputError, match="labels: expected 2, one per item"):
        check_column("labels", values, 2)
