"""A data set on disk: a folder of `dataset.json`, `items.parquet` and one `.npy` per view."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from commonspace.errors import StorageError
from commonspace.files import check_replaceable, replacing

from .dataset import Dataset
from .encoding import Encoder
from .problems import Problem

FORMAT = 1
_KEYS = frozenset({"name", "protocol", "modalities", "label_names", "encoders", "problems"})


def save_dataset(data: Dataset, path: str | Path) -> None:
    """Writes a data set with its views; the folder appears whole or not at all.

    Args:
        data: The data set; raw items are encoded first, and kept beside their views.
        path: A folder that does not exist, is empty, or holds a saved data set, which is replaced.

    Raises:
        StorageError: If the folder exists and is not a saved data set and nothing else, or cannot be written.

    Example:
        ```python
        save_dataset(data, "encoded/films")
        ```
    """
    path = Path(path)
    check_replaceable(path, ("dataset.json", "items.parquet", "views"), "an encoded data set")
    views = data.views
    description = {
        "format": FORMAT,
        "name": data.name,
        "protocol": data.protocol,
        "modalities": list(data.modalities),
        "label_names": data.label_names,
        "problems": [asdict(problem) for problem in data.problems],
        "encoders": {m: {"name": e.name, "fingerprint": e.fingerprint} for m, e in data.encoders.items()},
    }
    with replacing(path) as folder:
        (folder / "views").mkdir(parents=True)
        for modality, view in views.items():
            np.save(_view_file(folder, modality), view)
        pq.write_table(data.table, folder / "items.parquet")
        (folder / "dataset.json").write_text(json.dumps(description, indent=2, ensure_ascii=False), encoding="utf-8")


def is_saved_dataset(path: Path) -> bool:
    """Whether a folder was written by `save_dataset`."""
    return (path / "dataset.json").is_file()


def read_description(path: Path) -> dict[str, Any]:
    """The contents of `dataset.json`.

    Raises:
        StorageError: If it is missing, damaged or of another format.
    """
    try:
        description: dict[str, Any] = json.loads((path / "dataset.json").read_text(encoding="utf-8"))
        found = description["format"]
        if not isinstance(description.get("encoders", {}), dict):
            raise TypeError("encoders is no mapping")
        if found == FORMAT and (absent := _KEYS - set(description)):
            raise KeyError(*absent)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{path}: dataset.json is missing or damaged ({error}); encode the data again.") from error
    if found != FORMAT:
        raise StorageError(
            f"{path}: written in format {found}, this version reads format {FORMAT}; encode the data again."
        )
    return description


def load_saved_dataset(path: str | Path, *, encoders: Mapping[str, Encoder] | None = None) -> Dataset:
    """Reads what `save_dataset` wrote; views are memory-mapped.

    Args:
        path: The folder.
        encoders: For queries; the views are those in the folder.

    Raises:
        StorageError: If a file is missing or damaged.

    Example:
        ```python
        save_dataset(data, "encoded/films")
        again = load_saved_dataset("encoded/films")
        assert (again.ids == data.ids).all()
        ```
    """
    path = Path(path)
    description = read_description(path)
    try:
        table = pq.read_table(path / "items.parquet")
        views = {m: np.load(_view_file(path, m), mmap_mode="r") for m in description["modalities"]}
    except (OSError, EOFError, ValueError, pa.ArrowException) as error:
        raise StorageError(f"{path}: {error}; encode the data again.") from error
    for modality, view in views.items():
        if len(view) != table.num_rows:
            raise StorageError(
                f"{path}: {modality} has {len(view)} rows, items.parquet {table.num_rows}; encode again."
            )
    return Dataset.restored(
        table,
        views,
        label_names=description["label_names"],
        encoders=encoders,
        name=description["name"],
        protocol=description["protocol"],
        problems=[Problem(**problem) for problem in description["problems"]],
    )


def _view_file(folder: Path, modality: str) -> Path:
    return folder / "views" / f"{quote(modality, safe='')}.npy"
