"""A map of a collection: its vectors as points in a plane."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from commonspace.errors import InputError, MissingPackageError, StorageError, UnknownNameError
from commonspace.files import replacing
from commonspace.threads import cpu_threads

from .columns import KEY

FEWEST = 3
"""Rows of which a map can be drawn."""

NEIGHBOURS = 15
"""That UMAP keeps near each point."""

METHOD = b"method"
NEEDED = "map: UMAP needs umap-learn: pip install 'commonspace[map]'; or take method='pca', which needs nothing."


def check_map(method: str) -> None:
    """Refuses a map that cannot be drawn here, before long work that it would come after.

    Args:
        method: "umap" or "pca".

    Raises:
        UnknownNameError: If there is no such method.
        MissingPackageError: If umap-learn is not installed.

    Examples:
        >>> check_map("pca")
        >>> check_map("tsne")
        Traceback (most recent call last):
        ...
        commonspace.errors.UnknownNameError: unknown method of a map 'tsne'. Known: pca, umap.
    """
    if method not in METHODS:
        raise UnknownNameError("method of a map", method, METHODS)
    if method == "umap" and find_spec("umap") is None:
        raise MissingPackageError(NEEDED)


def make_map(rows: pa.Table, method: str, random_state: int) -> pa.Table:
    """Places rows in a plane.

    Args:
        rows: The key of each, and "vector".
        method: "umap" or "pca".
        random_state: Of UMAP.

    Returns:
        The key, x and y in -1 to 1: both axes to one scale, the middle of what is there at 0.

    Raises:
        InputError: If there are fewer than three.
        UnknownNameError: If there is no such method.
        MissingPackageError: If umap-learn is not installed.
    """
    check_map(method)
    if rows.num_rows < FEWEST:
        raise InputError(f"map: expected {FEWEST} rows or more, got {rows.num_rows}; add items first.")
    vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    places = METHODS[method](vectors / np.where(length > 0, length, 1), random_state)
    places = places - (places.min(0) + places.max(0)) / 2
    places = (places / max(float(np.abs(places).max()), 1e-12)).astype(np.float32)
    made = rows.select(list(KEY)).append_column("x", pa.array(places[:, 0])).append_column("y", pa.array(places[:, 1]))
    return made.replace_schema_metadata({METHOD: method.encode()})


def write_map(made: pa.Table, path: Path) -> None:
    """Writes it, whole or not at all."""
    with replacing(path) as temporary:
        pq.write_table(made, temporary)


def read_map(path: Path) -> pa.Table | None:
    """Reads it; None where there is none.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        return pq.read_table(path) if path.exists() else None
    except (OSError, pa.ArrowInvalid) as error:
        raise StorageError(f"{path} cannot be read ({error}); build the map again.") from error


def _umap(vectors: NDArray[np.float32], random_state: int) -> NDArray[np.floating]:
    neighbours = min(NEIGHBOURS, len(vectors) - 1)
    start = "spectral" if len(vectors) > 2 * NEIGHBOURS else "random"  # few rows have too few eigenvectors
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an extension that is not there, and of parts that are not connected
        from umap import UMAP

        model = UMAP(n_neighbors=neighbours, metric="cosine", init=start, random_state=random_state, n_jobs=1)
        with threadpool_limits(cpu_threads()):  # numba sets the number of threads of the process, here until the end
            return np.asarray(model.fit_transform(vectors), float)


def _pca(vectors: NDArray[np.float32], random_state: int) -> NDArray[np.floating]:
    centred = (vectors - vectors.mean(0)).astype(float)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :2]
    axes *= np.sign(axes[np.abs(axes).argmax(0), range(axes.shape[1])])  # a sign that does not depend on the machine
    places = centred @ axes
    return places if places.shape[1] == 2 else np.column_stack([places, np.zeros(len(places))])


METHODS: dict[str, Callable[[NDArray[np.float32], int], NDArray[np.floating]]] = {"umap": _umap, "pca": _pca}
"""Name -> places of unit vectors."""
