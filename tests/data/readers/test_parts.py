"""Train and test parts come together as one array and its split, or as an error; never as four modalities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from commonspace.data.readers import read
from commonspace.data.readers.parts import join_parts
from commonspace.errors import InputError

X = np.arange(12, dtype=np.float64).reshape(6, 2)
Y = np.arange(18, dtype=np.float64).reshape(6, 3)
PATH = Path("features.mat")


@pytest.mark.parametrize(
    "names",
    [
        ("I_tr", "I_te", "T_tr", "T_te"),
        ("train_I", "test_I", "train_T", "test_T"),
        ("I.Train", "I.Test", "T.Train", "T.Test"),
    ],
)
def test_parts_of_equal_length_are_two_modalities_and_not_four(tmp_path: Path, names: tuple[str, ...]):
    path = tmp_path / "f.mat"
    savemat(path, dict(zip(names, (X[:3], X[3:], Y[:3], Y[3:]), strict=True)))
    data = read(path).to_dataset(encoders={}, name="f")
    assert set(data.modalities) == {"I", "T"}
    np.testing.assert_array_equal(data.views["I"], X)
    np.testing.assert_array_equal(data.split("test").views["T"], Y[3:])


def test_labels_go_with_their_part(tmp_path: Path):
    path = tmp_path / "f.npz"
    labels = np.array(list("aabbcc"))
    np.savez(path, train_img=X[:4], test_img=X[4:], train_labels=labels[:4], test_labels=labels[4:], test_size=2)
    reading = read(path)
    assert reading.labels == list("aabbcc")
    assert reading.split == ["train"] * 4 + ["test"] * 2
    assert "test_size" in str(list(reading.problems))


def test_a_validation_part_stands_between(tmp_path: Path):
    path = tmp_path / "f.npz"
    np.savez(path, img_test=X[5:], img_val=X[4:5], img_train=X[:4])
    reading = read(path)
    np.testing.assert_array_equal(reading.items["img"], X)
    assert reading.split == ["train"] * 4 + ["validation", "test"]


def test_named_arrays_are_taken_as_they_are(tmp_path: Path):
    path = tmp_path / "f.npz"
    np.savez(path, I_tr=X[:4], I_te=X[4:], T_tr=Y[:4], T_te=Y[4:])
    reading = read(path, columns={"image": "I_te", "text": "T_te"})
    assert len(reading.ids) == 2
    assert reading.split is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"image": X, "text": Y},
        {"image": X, "text": Y, "n_train": np.array(4), "n_test": np.array(2)},
        {"I_tr": X, "T_tr": Y},
        {"train": X, "test": Y},
        {"strain": X, "attest": Y},
        {"I_tr": X, "I_te": X, "split": np.array(["train"] * 6)},
    ],
)
def test_what_has_no_two_parts_stays(arrays: dict[str, Any]):
    assert join_parts(PATH, arrays) == arrays


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"I_tr": X, "I_te": X[:1], "T_tr": Y}, r"T_tr \(6, 3\) without a part for test, which other arrays have"),
        ({"I_tr": X, "I_te": X[:1], "T_tr": Y, "T_te": Y[:2]}, "rows must match item by item, got I_te 1, T_te 2"),
        ({"I_tr": X, "I_te": Y}, r"I_tr \(6, 2\), I_te \(6, 3\): expected as many columns in each part"),
        ({"I_tr": X, "I_te": X[:1], "I": X}, "cannot be put together as I, which is there too"),
        ({"I_tr": X, "I_train": X, "I_te": X}, "I_tr and I_train are both the train part of I"),
        ({"I_tr": X, "I_te": X, "I_val": X, "T_tr": Y, "T_te": Y}, "without a part for validation"),
    ],
)
def test_parts_that_do_not_fit_are_an_error(arrays: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message) as caught:
        join_parts(PATH, arrays)
    assert "columns={'image': " in str(caught.value)
