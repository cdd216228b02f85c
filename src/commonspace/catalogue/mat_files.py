"""The .mat files that data sets are distributed in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.readers.array_files import load_arrays
from commonspace.errors import StorageError


def read_mat(dataset: str, path: Path, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The arrays of these names, sparse ones made dense.

    Args:
        dataset: The name of the data set, for errors.
        path: The file.
        names: Of the arrays.

    Raises:
        StorageError: If the file is missing or cannot be read, or an array is missing or not all finite numbers.
    """
    if not path.is_file():
        raise StorageError(f"data set {dataset}: {path.parent} lacks {path.name}.")
    try:
        arrays = load_arrays(path, names)
    except StorageError as error:
        raise StorageError(f"data set {dataset}: {path.name} cannot be read: {error}") from error
    if missing := [name for name in names if name not in arrays]:
        raise StorageError(f"data set {dataset}: {path.name} has no array {', '.join(missing)}.")
    for name in names:
        if arrays[name].dtype.kind not in "biuf" or not np.isfinite(arrays[name]).all():
            raise StorageError(f"data set {dataset}: {name} of {path.name} is not all finite numbers.")
    return {name: arrays[name] for name in names}
