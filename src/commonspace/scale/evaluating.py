"""Measuring a space on a cluster: partitions embedded, then blocks of queries asked, each by whoever is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.partitions import Partitions, stacked
from commonspace.evaluation import Report
from commonspace.evaluation.queries import QueryFigures, ask_direction, check_there, compared
from commonspace.evaluation.retrieval import summarise
from commonspace.metrics.labels import any_label
from commonspace.metrics.ranks import check_cuts
from commonspace.spaces import Space
from commonspace.spaces.directions import Direction, embed_each, flatten_parts

from .cluster import check_workers, connected, run_tasks

BLOCK = 2048
"""Queries that a task asks."""

Embedded = dict[str, NDArray[np.float32]]


def evaluate(
    space: Space,
    data: Partitions | str | Path,
    *,
    split: str | None = None,
    ks: Sequence[int] = (1, 5, 10),
    workers: int | None = None,
    address: str | None = None,
) -> Report:
    """Queries every modality with every other on a cluster; what is counted is told by `commonspace.evaluate`.

    The figures are those of `commonspace.evaluate` on the same items, as far as the last bit of a similarity does not
    decide between two ranks. Each task holds the embeddings of one modality, and compares a block of queries with them:
    n queries cost n^2 comparisons, so at a large scale what is measured is a split that is a sample.

    Args:
        space: A fitted space.
        data: What `encode` wrote.
        split: The split to measure on. None takes everything.
        ks: The cuts of Recall@K.
        workers: At most so many tasks at once. None takes all processors.
        address: Of the cluster, see `encode`.

    Returns:
        A report.

    Raises:
        MissingPackageError: If Ray is not installed.
        NotFittedError: If the space is not fitted.
        InputError: As `commonspace.evaluate`, and if no cluster answers at the address.
        ParameterError: If a cut or `workers` is below 1.
        StorageError: If the data cannot be read.
        UnknownNameError: If there is no such split.

    Example:
        ```python
        report = scale.evaluate(space, "s3://photos/encoded", split="test", address="auto")
        ```
    """
    check_workers(workers)
    check_cuts(ks)  # before the long part
    parts = data if isinstance(data, Partitions) else Partitions(data)
    name, items = parts.description.name, parts.description.items
    known = compared(space, parts.description.modalities, name)
    told = parts.load(split=split, modalities=(), raw=False)
    labels = told.labels if any_label(told.labels) else None
    with connected(address) as ray:
        pieces = run_tasks(
            ray,
            embed,
            (space, parts, split, known),
            range(len(parts)),
            description="embedding",
            units=lambda number: items[number],
            workers=workers,
        )
        embedded = {m: stacked([piece[m] for piece in pieces.values() if m in piece]) for m in known}
        check_there(embedded, name)
        flat = {m: flatten_parts(embedding) for m, embedding in embedded.items()}
        figures = {}
        for source, target in permutations(flat, 2):
            queries = len(flat[source][0])
            found = run_tasks(
                ray,
                ask_block,
                (space, source, target, flat[source], flat[target], labels, BLOCK),
                range(0, queries, BLOCK),
                description=f"{source}->{target}",
                units=lambda start, queries=queries: min(BLOCK, queries - start),  # type: ignore[misc]
                unit="queries",
                workers=workers,
            )
            figures[f"{source}->{target}"] = _joined(list(found.values()))
    return summarise(space, told, figures, ks=ks)


def embed(number: int, space: Space, parts: Partitions, split: str | None, modalities: Sequence[str]) -> Embedded:
    """The embeddings of the items of a partition; {} where none is of the split."""
    data = parts.read(number, split=split, modalities=modalities, raw=False)
    if not len(data):
        return {}
    return embed_each(space, data.views, time=data.time if space.tags.uses_time else None)


def ask_block(
    start: int,
    space: Space,
    source: str,
    target: str,
    asking: tuple[NDArray[np.float32], NDArray[np.int64]],
    asked: tuple[NDArray[np.float32], NDArray[np.int64]],
    labels: NDArray[Any] | None,
    size: int,
) -> QueryFigures:
    """What a block of queries comes to; `asking` and `asked` are rows and the item of each."""
    block = slice(start, start + size)
    (queries, query_item), (gallery, gallery_item) = asking, asked
    scores = space.similarity_rows(queries[block], gallery)
    return ask_direction(Direction(source, target, gallery, scores, query_item[block], gallery_item), labels)


def _joined(blocks: Sequence[QueryFigures]) -> QueryFigures:
    """The queries of one direction from its blocks."""
    precisions = [block.average_precision for block in blocks if block.average_precision is not None]
    return replace(
        blocks[0],
        item=np.concatenate([block.item for block in blocks]),
        rank=np.concatenate([block.rank for block in blocks]),
        average_precision=np.concatenate(precisions) if precisions else None,
    )
