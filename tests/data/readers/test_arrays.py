from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import csc_array

from commonspace.data.readers import read
from commonspace.errors import InputError, StorageError, UnknownNameError

from .layouts import told

X = np.arange(6, dtype=np.float64).reshape(3, 2)
Y = np.arange(12, dtype=np.float32).reshape(3, 4)


def npz(root: Path, **arrays: Any) -> Path:
    path = root / "f.npz"
    np.savez(path, **arrays)
    return path


class TestNpz:
    def test_arrays_of_numbers_are_modalities_and_the_rest_goes_by_name(self, tmp_path: Path):
        path = npz(
            tmp_path, image=X, text=np.zeros((3, 5, 4)), labels=["a", "b", "a"], ids=[7, 8, 9], year=[1950, 1960, 1970],
            split=["train", "train", "test"], score=[0.5, np.nan, 1], sigma=2.0,
        )  # fmt: skip
        reading = read(path)
        assert {m: np.shape(x) for m, x in reading.items.items()} == {"image": (3, 2), "text": (3, 5, 4)}
        assert reading.labels == ["a", "b", "a"]
        assert reading.ids == ["7", "8", "9"]
        assert reading.time == [1950, 1960, 1970]
        assert reading.split == ["train", "train", "test"]
        assert list(reading.metadata) == ["score"]
        assert reading.columns["label"] == "labels"
        assert told(reading.problems) == "f.npz: arrays: sigma (): neither features nor 3 values; left out."
        data = reading.to_dataset(encoders={}, name="f")
        assert data.split("test").views["image"].tolist() == [[4, 5]]

    def test_several_labels_and_dates(self, tmp_path: Path):
        times = np.array(["1950-01-02", "NaT", "1970-01-01"], "datetime64[D]")
        reading = read(npz(tmp_path, image=X, y=[[1, 0], [1, 1], [0, 0]], time=times))
        np.testing.assert_array_equal(reading.labels, [[1, 0], [1, 1], [0, 0]])
        np.testing.assert_array_equal(reading.time, times)

    def test_columns_name_the_arrays_and_only_those_are_taken(self, tmp_path: Path):
        path = npz(tmp_path, I_tr=X, T_tr=Y, I_te=X[:1], L=[0, 1, 0])
        reading = read(path, columns={"image": "I_tr", "text": "T_tr", "label": "L"})
        assert {m: np.shape(x) for m, x in reading.items.items()} == {"image": (3, 2), "text": (3, 4)}
        assert (reading.labels, list(reading.problems)) == ([0, 1, 0], [])

    def test_rows_of_nan_are_absent(self, tmp_path: Path):
        gone = X.copy()
        gone[1] = np.nan
        data = read(npz(tmp_path, image=gone, text=Y)).to_dataset(encoders={}, name="f")
        assert data.presence["image"].tolist() == [True, False, True]

    @pytest.mark.parametrize(
        ("value", "place", "message"),
        [
            (np.inf, (2, 1), "image: inf at row 2, column 1; expected finite numbers"),
            (np.nan, (0, 1), "image: nan at row 0, column 1"),
        ],
    )
    def test_what_is_not_finite_is_an_error_that_names_the_place(
        self, tmp_path: Path, value: float, place: tuple[int, int], message: str
    ):
        bad = X.copy()
        bad[place] = value
        with pytest.raises(InputError, match=message):
            read(npz(tmp_path, image=bad))
        with pytest.raises(InputError, match=rf"row {place[0]}, part 1, column {place[1]}"):
            read(npz(tmp_path, image=np.stack([X, bad], 1)))

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({"image": X, "text": Y[:1]}, "rows must match item by item, got image 3, text 1"),
            ({"image": X, "labels": [1, 2]}, r"labels: expected 3 values, one per row of the features, got \(2,\)"),
            ({"image": X, "ids": ["a", "b", "a"]}, "id 'a' stands in row 0 and again in row 2"),
            ({"image": X, "time": ["soon", "later", "1950"]}, r"time: expected numbers, ISO dates .*, got 'soon'"),
            ({"labels": [1, 2]}, r"no array of numbers of shape \(n, d\) or \(n, r, d\)"),
        ],
    )
    def test_arrays_that_do_not_fit_are_an_error(self, tmp_path: Path, arrays: dict[str, Any], message: str):
        with pytest.raises(InputError, match=message):
            read(npz(tmp_path, **arrays))

    def test_an_array_that_is_no_view_cannot_be_one(self, tmp_path: Path):
        with pytest.raises(InputError, match=r"name: expected numbers of shape .*, got <U1 \(3,\)"):
            read(npz(tmp_path, image=X, name=["a", "b", "c"]), columns={"text": "name"})

    def test_an_unknown_array_is_an_error_that_lists_those_there_are(self, tmp_path: Path):
        with pytest.raises(UnknownNameError, match="'imag'; did you mean 'image'"):
            read(npz(tmp_path, image=X), columns={"image": "imag"})

    def test_pickled_objects_are_refused(self, tmp_path: Path):
        with pytest.raises(InputError, match="holds Python objects, which are not read because they can run code"):
            read(npz(tmp_path, image=X, other=np.array([{}, None], object)))

    @pytest.mark.parametrize("name", ["f.npz", "f.mat", "f.h5"])
    def test_a_damaged_file_is_an_error(self, tmp_path: Path, name: str):
        (tmp_path / name).write_bytes(b"nothing of this kind" * 20)
        with pytest.raises(StorageError, match=rf"{name}: cannot be read as \."):
            read(tmp_path / name)


class TestMat:
    def test_version_5(self, tmp_path: Path):
        cells = np.array(["x", "yy", "z"], object)
        savemat(tmp_path / "f.mat", {"image": X, "text": csc_array(Y), "labels": [1, 2, 1], "ids": cells, "sigma": 2.0})
        reading = read(tmp_path / "f.mat")
        assert {m: np.shape(x) for m, x in reading.items.items()} == {"image": (3, 2), "text": (3, 4)}
        np.testing.assert_array_equal(reading.items["text"], Y)
        assert (reading.labels, reading.ids) == ([1, 2, 1], ["x", "yy", "z"])

    def test_labels_by_the_letter_that_published_features_use(self, tmp_path: Path):
        parts = {"I_tr": X, "T_tr": Y, "L_tr": [1, 2, 1], "I_te": X[:2], "T_te": Y[:2], "L_te": [2, 2]}
        savemat(tmp_path / "f.mat", parts)
        reading = read(tmp_path / "f.mat")
        assert sorted(reading.items) == ["I", "T"]
        assert (reading.labels, reading.split) == ([1, 2, 1, 2, 2], ["train"] * 3 + ["test"] * 2)

    def test_a_modality_of_one_column_that_is_named_stays_one(self, tmp_path: Path):
        savemat(tmp_path / "f.mat", {"image": X, "price": X[:, :1], "labels": [1, 2, 1]})
        assert sorted(read(tmp_path / "f.mat").items) == ["image"]
        reading = read(tmp_path / "f.mat", columns={"image": "image", "price": "price"})
        np.testing.assert_array_equal(reading.items["price"], X[:, :1])

    def test_version_7_3_has_its_axes_in_reverse(self, tmp_path: Path):
        head = b"MATLAB 7.3 MAT-file".ljust(124, b" ") + b"\x00\x02IM"
        with h5py.File(tmp_path / "f.mat", "w", userblock_size=512) as file:
            file["image"], file["labels"] = X.T, np.array([[1.0, 2, 1]])
        with (tmp_path / "f.mat").open("r+b") as raw:
            raw.write(head)
        reading = read(tmp_path / "f.mat")
        np.testing.assert_array_equal(reading.items["image"], X)
        assert reading.labels == [1.0, 2.0, 1.0]


def test_hdf5_with_groups_and_texts(tmp_path: Path):
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["image"], file["nested/text"], file["ids"] = X, Y, ["a", "b", "ü"]
    reading = read(tmp_path / "f.h5", columns={"image": "image", "text": "nested/text"})
    assert {m: np.shape(x) for m, x in reading.items.items()} == {"image": (3, 2), "text": (3, 4)}
    assert reading.ids == ["a", "b", "ü"]
