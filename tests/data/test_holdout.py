from __future__ import annotations

import numpy as np
import pytest

import commonspace as cs
from commonspace.data import hold_out
from commonspace.errors import InputError

X = np.arange(40, dtype=np.float32).reshape(20, 2)


def test_a_fifth_becomes_the_test_split_and_nothing_else_changes():
    data = cs.Dataset({"image": X}, labels=np.arange(20) % 3, metadata={"name": [f"n{i}" for i in range(20)]})
    parted = hold_out(data, 0.2, seed=1)
    assert (parted.splits, data.splits) == (("test", "train"), ())
    assert len(parted.split("test")) == 4
    np.testing.assert_array_equal(parted.view("image"), X)
    assert parted.metadata.equals(data.metadata)
    assert sorted([*parted.split("train").ids, *parted.split("test").ids]) == sorted(data.ids)
    assert hold_out(data, 0.2, seed=1).split("test").ids.tolist() == parted.split("test").ids.tolist()
    assert hold_out(data, 0.2, seed=2).split("test").ids.tolist() != parted.split("test").ids.tolist()


def test_groups_stay_together():
    groups = [f"g{i // 4}" for i in range(20)]
    test = hold_out(cs.Dataset({"image": X}, groups=groups), 8).split("test")
    assert {int(i) // 4 * 4 + j for i in test.ids for j in range(4)} == {int(i) for i in test.ids}


def test_splits_without_a_name_are_none():
    parted = hold_out(cs.Dataset({"image": X}, split=[None] * 20), 5)
    assert len(parted.split("test")) == 5
    assert parted.table.column_names.count("split") == 1


def test_splits_that_are_there_are_not_drawn_anew():
    data = cs.Dataset({"image": X}, split=["train"] * 15 + ["test"] * 5, name="mine")
    with pytest.raises(InputError, match="holdout: mine has the splits test, train already"):
        hold_out(data, 0.2)
    with pytest.raises(InputError, match="cannot hold out 20 of 20"):
        hold_out(cs.Dataset({"image": X}), 20)
