"""Arrays of .mat files of either kind come as they are; what cannot be used is an error that names the data set."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from commonspace.catalogue.mat_files import read_mat
from commonspace.errors import StorageError

X = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_only_the_named_arrays_are_given(tmp_path: Path, version: str):
    path = tmp_path / "features.mat"
    if version == "5":
        savemat(path, {"X": X, "one": X[:1], "other": X})
    else:
        with h5py.File(path, "w", userblock_size=512) as file:
            for name, array in {"X": X, "one": X[:1], "other": X}.items():
                file[name] = array.T  # as MATLAB writes them
        with path.open("r+b") as raw:
            raw.write(b"MATLAB 7.3 MAT-file".ljust(124, b" ") + b"\x00\x02IM")
    arrays = read_mat("demo", path, ["X", "one"])
    assert set(arrays) == {"X", "one"}
    np.testing.assert_array_equal(arrays["X"], X)
    np.testing.assert_array_equal(arrays["one"], X[:1])


def test_what_cannot_be_used_is_told(tmp_path: Path):
    path = tmp_path / "features.mat"
    with pytest.raises(StorageError, match=r"data set demo: .* lacks features\.mat"):
        read_mat("demo", path, ["X"])
    savemat(path, {"X": X, "bad": np.array([[np.nan]]), "word": "text"})
    with pytest.raises(StorageError, match=r"features\.mat has no array Y, Z"):
        read_mat("demo", path, ["X", "Y", "Z"])
    for name in ("bad", "word"):
        with pytest.raises(StorageError, match=rf"{name} of features\.mat is not all finite numbers"):
            read_mat("demo", path, [name])
    path.write_bytes(b"no such thing" * 50)
    with pytest.raises(StorageError, match=r"data set demo: features\.mat cannot be read"):
        read_mat("demo", path, ["X"])
