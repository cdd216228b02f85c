"""A data set, embedded by a space, as rows to store."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from commonspace.errors import InputError

from .metadata import Columns, label_values, typed_column, typed_columns
from .rows import BATCH_ROWS, Rows, as_rows, check_ids, refuse_duplicates

if TYPE_CHECKING:
    from commonspace.data import Dataset
    from commonspace.spaces import Space

_logger = logging.getLogger("commonspace")


def dataset_batches(dataset: Dataset, space: Space, dim: int) -> Iterator[tuple[int, list[Rows]]]:
    """Embeds a data set piece by piece.

    Yields:
        The number of items in the piece, and their rows, one `Rows` per modality that the space gives.

    Raises:
        InputError: If space and data set share no modality, an id occurs twice, or times are asked for and missing.
    """
    shared = [m for m in dataset.modalities if m in space.modalities_]
    if not shared:
        raise InputError(
            f"add: the space knows {', '.join(space.modalities_)}, the data set has {', '.join(dataset.modalities)}."
        )
    if len(shared) < len(dataset.modalities):
        _logger.warning("storing without %s: the space does not know it", ", ".join({*dataset.modalities} - {*shared}))
    if space.tags.uses_time and dataset.time is None:
        raise InputError(f"add: the space {type(space).__name__} is conditioned on time and the data set has none.")
    ids = check_ids(dataset.ids)
    refuse_duplicates(ids, np.zeros((len(ids), 1), np.int32))
    columns, times = dataset_columns(dataset), dataset.time
    views = {m: dataset.views[m] for m in shared}
    content = _content(dataset, shared, joint=space.tags.joint)
    step = max(1, BATCH_ROWS // max(v.shape[1] if v.ndim == 3 else 1 for v in views.values()))
    for low in range(0, len(ids), step):
        piece = slice(low, low + step)
        instant = {"time": times[piece]} if space.tags.uses_time and times is not None else {}
        embedded = space.transform({m: v[piece] for m, v in views.items()}, **instant)
        rows = [
            as_rows(
                ids[piece],
                vectors,
                dim=dim,
                modality=modality,
                parts=None,
                content=content[modality][piece],
                metadata={field: values[piece] for field, values in columns.items()},
                first=low,
            )
            for modality, vectors in embedded.items()
        ]
        yield len(ids[piece]), rows


def dataset_columns(dataset: Dataset) -> Columns:
    """The metadata of a data set with its label and time, unless the metadata has fields of that name."""
    n = len(dataset.ids)
    columns = typed_columns(dataset.metadata, n)
    if dataset.labels is not None and "label" not in columns:
        columns["label"] = typed_column("label", label_values(np.asarray(dataset.labels), dataset.label_names), n)
    if dataset.time is not None and "time" not in columns:
        columns["time"] = typed_column("time", dataset.time, n)
    return columns


def _content(dataset: Dataset, modalities: list[str], *, joint: bool) -> dict[str, list[list[str | None]]]:
    """Modality -> what to show; of a joint vector, what the first modality that has something shows."""
    content = {m: dataset.content(m) for m in modalities}
    if not joint:
        return content
    by_item = zip(*content.values(), strict=True)
    return {"joint": [next((parts for parts in item if any(p is not None for p in parts)), []) for item in by_item]}
