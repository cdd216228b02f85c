"""Named arrays as files hold them: .npz, .mat, .h5."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, StorageError


def load_arrays(path: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of a `.npz`, `.mat`, `.h5` or `.hdf5` file, without pickled objects.

    Args:
        path: The file.
        names: Of a `.mat` file only these are read, so that the rest need not fit into memory. None reads all.

    Raises:
        InputError: If it holds Python objects.
        StorageError: If it cannot be read.
    """
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        return _load_mat(path, names) if path.suffix.lower() == ".mat" else _load_hdf5(path)
    except (OSError, EOFError, ValueError, TypeError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        if "Object arrays" in str(error):
            raise InputError(
                f"{path}: holds Python objects, which are not read because they can run code; save plain arrays."
            ) from error
        raise StorageError(f"{path}: cannot be read as {path.suffix.lower()}: {error}.") from error


def _load_mat(path: Path, names: Collection[str] | None) -> dict[str, NDArray[Any]]:
    """Of any version; sparse arrays are made dense."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        loaded = loadmat(path, variable_names=None if names is None else list(names))
        dense = {k: v.toarray() if hasattr(v, "toarray") else v for k, v in loaded.items()}
        found = {k: _texts(v) for k, v in dense.items() if isinstance(v, np.ndarray)}
    except NotImplementedError:  # version 7.3 is HDF5, whose axes MATLAB writes in reverse
        found = {k: v.T for k, v in _load_hdf5(path).items() if not k.startswith("#")}
    except MatReadError as error:
        raise ValueError(str(error)) from error
    return found


def _texts(array: NDArray[Any]) -> NDArray[Any]:
    """A cell array of texts as texts."""
    if array.dtype != object:
        return array
    texts = [str(cell.item()) if getattr(cell, "size", 0) == 1 else "" for cell in array.ravel()]
    return np.array(texts).reshape(array.shape)


def _load_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    import h5py

    arrays: dict[str, NDArray[Any]] = {}

    def visit(name: str, entry: Any) -> None:
        if isinstance(entry, h5py.Dataset) and h5py.check_ref_dtype(entry.dtype) is None:
            arrays[name] = np.asarray(entry.asstr()[()] if h5py.check_string_dtype(entry.dtype) else entry[()])

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return arrays
