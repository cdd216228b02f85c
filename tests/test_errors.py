from __future__ import annotations

import pickle

import numpy as np
import pytest

from commonspace import errors
from commonspace.errors import (
    CommonspaceError,
    InputError,
    MissingPackageError,
    ParameterError,
    StorageError,
    TrainingError,
    UnknownNameError,
    UnreadableItemsError,
)

BUILT_IN = {
    InputError: ValueError,
    UnreadableItemsError: ValueError,
    ParameterError: ValueError,
    UnknownNameError: KeyError,
    MissingPackageError: RuntimeError,
    StorageError: RuntimeError,
    TrainingError: RuntimeError,
}


def test_every_error_is_in_the_tree_and_is_the_built_in_one_a_caller_expects():
    classes = {c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception)}
    assert classes == {CommonspaceError, *BUILT_IN}
    for error, built_in in BUILT_IN.items():
        assert issubclass(error, CommonspaceError)
        assert issubclass(error, built_in)


def test_an_unknown_name_is_told_with_the_nearest_known_one():
    error = UnknownNameError("encoder", "minilmm", ["minilm", "efficientnet-lite0"])
    assert str(error) == "unknown encoder 'minilmm'; did you mean 'minilm'? Known: efficientnet-lite0, minilm."


def test_an_unknown_name_near_to_none():
    assert str(UnknownNameError("split", "zebra", ["train", "test"])) == "unknown split 'zebra'. Known: test, train."
    assert str(UnknownNameError("split", "test", [])) == "unknown split 'test'. Known: none."


@pytest.mark.parametrize(
    "error",
    [
        UnknownNameError("space", "cda", ["cca"]),
        InputError("image: 3 rows"),
        UnreadableItemsError({1: "image: broken"}, np.zeros((3, 2), np.float32)),
    ],
    ids=repr,
)
def test_errors_survive_the_way_between_processes(error: CommonspaceError):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_unreadable_items_are_told_by_the_first_and_their_number():
    error = UnreadableItemsError({4: "image: no picture", 7: "image: gone"}, np.zeros((9, 2), np.float32))
    assert str(error) == "image: no picture (item 4 of 9) And 1 more."
    assert error.reasons == {4: "image: no picture", 7: "image: gone"}
