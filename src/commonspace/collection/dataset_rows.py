"""A data set, embedded by a space, as entries to store."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.data.digest import FILE_KINDS
from commonspace.data.encoding import Encoder
from commonspace.errors import InputError

from .checks import check_dim, is_path
from .columns import JOINT
from .entries import BATCH_ROWS, Entries, as_entries, check_ids, refuse_duplicates
from .metadata import Columns, label_values, typed_column, typed_columns

if TYPE_CHECKING:
    from commonspace.spaces import Space

_logger = logging.getLogger("commonspace")


@dataclass(frozen=True)
class Batch:
    """Whole items, with all that is to be stored of them.

    Attributes:
        ids: Their identifiers, of those that lack every modality too.
        entries: One `Entries` per modality that the space gives.
    """

    ids: list[str]
    entries: list[Entries]


def stored_modalities(space: Space) -> tuple[str, ...]:
    """The modalities under which a space's vectors are stored."""
    return (JOINT,) if space.tags.joint else tuple(space.modalities_)


def kind_of(modality: str, encoders: Mapping[str, Encoder]) -> str:
    """What the items of a modality are: what its encoder reads, or what the modality is named after."""
    kind = encoders[modality].kind if modality in encoders else modality
    return modality if modality in FILE_KINDS and kind != "text" else kind


def check_dataset(dataset: Dataset, space: Space) -> None:
    """Looks, before anything is stored or replaced, whether a space can embed a data set; embeds all of it for that.

    Raises:
        InputError: If it is none, space and data set share no modality, rows are of another length than those the
            space was fitted on, an item or a field cannot be used, a vector has no direction, or times are asked for
            and missing.
        ParameterError: If the space is not fitted.

    Example:
        ```python
        check_dataset(data, space)  # nothing is told: `Collection.add` will take it
        ```
    """
    for batch in dataset_batches(dataset, space, check_dim(space, None)):
        for entries in batch.entries:
            entries.check()


def dataset_batches(dataset: Dataset, space: Space, dim: int) -> Iterator[Batch]:
    """Checks and encodes a data set at once; embeds it piece by piece as the batches are taken.

    Raises:
        InputError: As `check_dataset`.
    """
    source = _Source(dataset, space)
    source.embed(slice(0, 1))
    return source.batches(dim)


class _Source:
    def __init__(self, dataset: Dataset, space: Space) -> None:
        if not isinstance(dataset, Dataset):
            raise InputError(
                f"add: expected a commonspace.Dataset, got {type(dataset).__name__}. Make one of arrays with "
                "Dataset({'image': X}); vectors of the space are stored with add_vectors."
            )
        shared = [m for m in dataset.modalities if m in space.modalities_]
        if not shared:
            raise InputError(
                f"add: the space knows {', '.join(space.modalities_)}, "
                f"the data set has {', '.join(dataset.modalities)}."
            )
        if len(shared) < len(dataset.modalities):
            unknown = ", ".join(m for m in dataset.modalities if m not in shared)
            _logger.warning("storing without %s: the space does not know it", unknown)
        self._space = space
        self._times: NDArray[Any] | None = None
        if space.tags.embeds_time:
            self._times = dataset.time
            if self._times is None:
                raise InputError(
                    f"add: the space {type(space).__name__} is conditioned on time and the data set has none."
                )
        self._ids = check_ids(dataset.ids)
        refuse_duplicates(self._ids, np.zeros((len(self._ids), 1), np.int32))
        self._columns = dataset_columns(dataset)
        self._views = {m: dataset.view(m) for m in shared}  # not dataset.views: the others need not be encoded
        self._content = _content(dataset, shared, joint=space.tags.joint)

    def embed(self, piece: slice) -> dict[str, NDArray[np.float32]]:
        instant = {} if self._times is None else {"time": self._times[piece]}
        return self._space.transform({m: v[piece] for m, v in self._views.items()}, **instant)

    def batches(self, dim: int) -> Iterator[Batch]:
        per_item = sum(v.shape[1] if v.ndim == 3 else 1 for v in self._views.values())
        step = max(1, BATCH_ROWS // per_item)
        for low in range(0, len(self._ids), step):
            piece = slice(low, low + step)
            entries = [
                as_entries(
                    self._ids[piece],
                    vectors,
                    dim=dim,
                    modality=modality,
                    parts=None,
                    content=self._content[modality][piece],
                    metadata={field: values[piece] for field, values in self._columns.items()},
                    first=low,
                )
                for modality, vectors in self.embed(piece).items()
            ]
            yield Batch(self._ids[piece], entries)


def dataset_columns(dataset: Dataset) -> Columns:
    """The metadata of a data set with its label and time, unless the metadata has fields of that name."""
    n = len(dataset)
    columns = typed_columns(dataset.metadata, n)
    if "label" not in columns and (labels := dataset.labels) is not None:
        columns["label"] = typed_column("label", label_values(np.asarray(labels), dataset.label_names), n)
    if "time" not in columns and (time := dataset.time) is not None:
        columns["time"] = typed_column("time", time, n)
    return columns


def _content(dataset: Dataset, modalities: list[str], *, joint: bool) -> dict[str, list[list[str | Path | None]]]:
    """Modality -> what to show; of a joint vector, what the first modality that has something shows."""
    content: dict[str, list[list[str | Path | None]]] = {}
    for modality in modalities:
        kind = kind_of(modality, dataset.encoders)
        shown: list[list[str | Path | None]] = dataset.content(modality)
        if kind in FILE_KINDS:  # a relative path would point nowhere from another directory
            shown = [[_absolute(path) for path in parts] for parts in shown]
        elif joint and kind != "text":  # of a kind of its own, for which a text may be a path or not
            shown = [[None if p is None or is_path(str(p)) else p for p in parts] for parts in shown]
        content[modality] = shown
    if not joint:
        return content
    by_item = zip(*content.values(), strict=True)
    return {JOINT: [next((parts for parts in item if any(p is not None for p in parts)), []) for item in by_item]}


def _absolute(path: str | Path | None) -> str | Path | None:
    return path if path is None or "://" in str(path) else Path(os.path.abspath(path))  # noqa: PTH100 - not "./", ".."
