"""Files of arrays: .npz, .mat, .h5."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from commonspace.data.problems import Problem
from commonspace.errors import InputError, UnknownNameError

from .array_files import load_arrays
from .features import check_features
from .parts import join_parts
from .reading import Reading
from .rows import Column
from .times import EXPECTED, parse_time
from .values import parse_labels, parse_metadata

EXTENSIONS = (".npz", ".mat", ".h5", ".hdf5")
NAMES: Mapping[str, tuple[str, ...]] = {
    "label": ("labels", "label", "y", "L", "lab", "gnd", "class", "classes", "category", "categories"),
    "id": ("ids", "id"),
    "time": ("time", "times", "year", "years"),
    "split": ("split", "splits"),
    "group": ("group", "groups"),
}
"""Role -> the names of arrays taken for it; everything else of 2 or 3 dimensions is a modality."""


def read_arrays(path: Path, *, columns: Mapping[str, str | None] | None = None) -> Reading:
    """Reads features from a file of named arrays.

        features.npz:  image (n, 2048) float   text (n, 5, 384) float   labels (n,)   ids (n,)   year (n,)

    - `.npz`, without pickled objects; `.mat` of any version up to 7.3; `.h5` or `.hdf5`.
    - Every array of numbers of shape (n, d) or (n, r, d) is a modality of its name. A row of NaN is an absent item.
    - labels (or label, y, L, lab, gnd, class, category): (n,), or (n, c) of 0 and 1; ids, time (or year), split: (n,).
      Other arrays of n values are metadata. In `.mat` these are a row or a column, or a cell array of texts.
    - Arrays of a train and a test part (I_tr and I_te, train_image and test_image) are put together, with their split,
      unless `columns` names one of them.

    Args:
        path: The file.
        columns: Role or modality -> the name of an array; None for a role that no array has. Where it names a
            modality, only the arrays named are taken as modalities.

    Raises:
        InputError: If arrays do not match row by row, hold infinity or rows that are NaN in part, or none is a view.
        UnknownNameError: If there is no such array.
        StorageError: If the file is damaged.
    """
    columns = columns or {}
    arrays = load_arrays(path)
    if path.suffix.lower() == ".mat":  # where n values are a row or a column
        named = {name for role, name in columns.items() if role not in NAMES}  # which may have a single column
        lines = {name: x for name, x in arrays.items() if x.ndim == 2 and 1 in x.shape and name not in named}
        arrays |= {name: x.ravel() for name, x in lines.items()}
    if not any(name in arrays for name in columns.values()):
        arrays = join_parts(path, arrays)
    roles = _find_roles(path, arrays, columns)
    views = {role: arrays[name] for role, name in roles.items() if role not in NAMES}
    n = _count(path, roles, views)
    problems: list[Problem] = []
    side = {role: _values(path, roles[role], arrays[roles[role]], n) for role in roles if role in NAMES}
    others, unused = {}, []
    for name, array in arrays.items():
        if name not in roles.values() and array.dtype.kind in "biufU" and array.shape == (n,):
            others[name] = parse_metadata(array.tolist())
        elif name not in roles.values() and not any(columns.values()):
            unused.append(f"{name} {array.shape}")
    if unused:
        problems.append(
            Problem(path.name, "arrays", f"{', '.join(unused)}: neither features nor {n} values; left out.")
        )
    labels, label_names = parse_labels(side["label"]) if "label" in side else (None, None)
    time, bad = parse_time(side["time"]) if "time" in side else (None, [])
    if "time" in side and time is None:
        raise InputError(f"{path}: {roles['time']}: expected {EXPECTED}, got {side['time'][bad[0]]!r}.")
    problems += [
        Problem(f"{path.name} row {i}", "time", f"{side['time'][i]!r}: neither a number nor a date.") for i in bad
    ]
    ids = [str(i) for i in (side["id"] if "id" in side else range(n))]
    _refuse_repeated(path, ids)
    texts = {role: [None if v is None else str(v) for v in side[role]] for role in ("split", "group") if role in side}
    return Reading(
        name=str(path),
        items={m: check_features(f"{path}: {roles[m]}", view) for m, view in views.items()},
        ids=ids,
        labels=labels,
        label_names=label_names,
        time=time,
        split=texts.get("split"),
        groups=texts.get("group"),
        metadata=others,
        columns=roles,
        problems=problems,
    )


def _find_roles(path: Path, arrays: Mapping[str, NDArray[Any]], columns: Mapping[str, str | None]) -> dict[str, str]:
    """Role -> array: as the user says, else by name."""
    for name in columns.values():
        if name and name not in arrays:
            raise UnknownNameError(f"array of {path}", name, arrays)
    roles = {role: name for role, name in columns.items() if name}
    for role, names in NAMES.items():
        found = next((n for n in names if n in arrays and n not in roles.values()), None)
        if role not in columns and found is not None:
            roles[role] = found
    if not any(role not in NAMES for role in roles):
        left_out = {role for role, name in columns.items() if not name}
        roles |= {n: n for n, a in arrays.items() if _is_view(a) and n not in roles.values() and n not in left_out}
    return roles


def _is_view(array: NDArray[Any]) -> bool:
    return array.ndim in (2, 3) and array.dtype.kind in "fiu" and 0 not in array.shape


def _count(path: Path, roles: Mapping[str, str], views: Mapping[str, NDArray[Any]]) -> int:
    """The number of rows that all views have."""
    if not views:
        raise InputError(f"{path}: no array of numbers of shape (n, d) or (n, r, d) in it.")
    for role, view in views.items():
        if not _is_view(view):
            raise InputError(
                f"{path}: {roles[role]}: expected numbers of shape (n, d) or (n, r, d), got {view.dtype} {view.shape}."
            )
    if len({len(view) for view in views.values()}) > 1:
        raise InputError(
            f"{path}: rows must match item by item, got {', '.join(f'{roles[m]} {len(v)}' for m, v in views.items())}. "
            f"Name those that belong together, for example columns={{'image': {next(iter(roles.values()))!r}, ...}}."
        )
    return len(next(iter(views.values())))


def _values(path: Path, name: str, array: NDArray[Any], n: int) -> Column:
    """Values, (n,) or (n, c), that stand beside the features."""
    if len(array.shape) not in (1, 2) or len(array) != n:
        raise InputError(f"{path}: {name}: expected {n} values, one per row of the features, got {array.shape}.")
    if array.ndim == 2 or array.dtype.kind == "M":
        return array if array.ndim == 2 else array.astype("datetime64[us]").tolist()
    return [
        None if value != value else value.decode() if isinstance(value, bytes) else value for value in array.tolist()
    ]


def _refuse_repeated(path: Path, ids: list[str]) -> None:
    first: dict[str, int] = {}
    for row, name in enumerate(ids):
        if first.setdefault(name, row) != row:
            raise InputError(f"{path}: id {name!r} stands in row {first[name]} and again in row {row}.")
