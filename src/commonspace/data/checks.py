"""Checks on what a data set is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from commonspace.errors import InputError

from .columns import as_column
from .encoding import Encoder


def check_items(items: object) -> None:
    """Raises where the items of a data set are no mapping from modalities."""
    if not isinstance(items, Mapping):
        raise InputError(
            f"items: expected a mapping modality -> items, for example {{'image': paths}}, got {type(items).__name__}."
        )
    if not items:
        raise InputError("items is empty: expected at least one modality, for example {'image': paths}.")


def check_kinds(encoders: Mapping[str, Encoder]) -> None:
    """Raises where pictures or texts would be read by an encoder of something else."""
    for modality, encoder in encoders.items():
        kind = getattr(encoder, "kind", None)
        if kind is None:
            raise InputError(f"encoders: {encoder!r} for {modality} is no encoder; get_encoder(name) gives one.")
        if modality in ("image", "text") and kind != modality:
            raise InputError(f"encoders: {encoder.name} reads {kind}, but was given for {modality}.")


def id_column(ids: Iterable[object]) -> pa.Array:
    """Distinct identifiers as a column of strings.

    Raises:
        InputError: If one is None or occurs twice.
    """
    given = [] if isinstance(ids, str) else list(ids)
    if isinstance(ids, str) or None in given:
        raise InputError("ids: expected a list of distinct identifiers, none of them None.")
    column = as_column("ids", [str(i) for i in given])
    repeated = [entry["values"].as_py() for entry in column.value_counts() if entry["counts"].as_py() > 1]
    if repeated:
        raise InputError(f"ids: {len(repeated)} occur more than once, {repeated[0]!r} first; ids must be distinct.")
    return column


def label_column(
    labels: ArrayLike | Sequence[object], names: Sequence[str] | None
) -> tuple[pa.Array, tuple[str, ...] | None]:
    """Labels as an Arrow column: one value per item, or a list of names per item."""
    array = np.asarray(labels, dtype=object)  # as object: NumPy would turn NaN among strings into "nan"
    if isinstance(labels, np.ma.MaskedArray):
        array = np.array(array)
        array[np.ma.getmaskarray(labels)] = None
    if array.ndim == 2 and array.shape[1] == 1 and names is None:  # a column of a frame
        array = array[:, 0]
    if array.ndim == 1:
        column = as_column("labels", array.tolist())
        if pa.types.is_nested(column.type):
            raise InputError("labels: expected one per item, got lists; give several per item as (n, c) of 0 and 1.")
        if names is not None:
            raise InputError("label_names: only labels of shape (n, c) take names, got shape (n,).")
        return column, None
    if array.ndim != 2 or not np.isin(array, (0, 1)).all():
        raise InputError(f"labels: expected shape (n,), or (n, c) of 0 and 1, got other values in {array.shape}.")
    names = tuple(str(i) for i in range(array.shape[1])) if names is None else tuple(names)
    if len(names) != array.shape[1]:
        raise InputError(f"label_names: {len(names)} names for {array.shape[1]} columns of labels.")
    if len(set(names)) != len(names):
        raise InputError(f"label_names: the names of the {len(names)} columns must be distinct.")
    return as_column("labels", [[names[j] for j in np.flatnonzero(row)] for row in array]), names
