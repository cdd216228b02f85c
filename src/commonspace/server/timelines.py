"""A question, or a class, over the time of the stored items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.errors import InputError, UnknownNameError
from commonspace.spaces.temporal.instants import Clock, numbers_of

from .schemas import Query, Timeline
from .store import TIME, Store

SPREADING = 20
"""Items nearest to a question whose spread is told, in each bin."""


def over_time(store: Store, asked: Timeline) -> dict[str, Any]:
    """The dispersion in each bin of time, and the stored rows that are nearest there.

    It is that of `commonspace.timeline.dispersion`, of the vectors as they are stored: of a question that of the 20
    nearest items of a bin, of a class that of all; nearest to a class is what is nearest to its mean in the bin. A
    space that embeds time embeds a question in the middle of each bin.

    Raises:
        InputError: If the items have no times, or neither or both of question and class are given.
        UnknownNameError: If there is no such field or modality.
    """
    from commonspace.timeline.curves import middles
    from commonspace.timeline.dispersion import spread_curve  # which loads torch: a server need not wait for it
    from commonspace.timeline.items import bin_edges, bin_of, unit

    if (asked.query is None) == (asked.field is None):
        raise InputError("timeline: give either a query, or field and value of a class.")
    if asked.field is not None and asked.field not in (known := store.describe()["fields"]):
        raise UnknownNameError("metadata field", asked.field, known)
    if store.describe()["time"] is None:
        raise InputError("time: the stored items have none.")
    where = {"and": [{"not": {TIME: None}}, *([{"modality": asked.to}] if asked.to else [])]}
    if asked.field is not None:
        where = {"and": [where, {asked.field: store.test_of(asked.field, asked.value)}]}
    clock = Clock.of(*numbers_of(_times(store.collection.rows(fields=[TIME])[TIME].drop_null())))
    rows = store.collection.rows(where, vectors=True)
    if not rows.num_rows:
        raise InputError("timeline: no stored item with a time is of that kind.")
    z = unit(rows["vector"].combine_chunks().flatten().to_numpy().reshape(rows.num_rows, -1).astype(np.float64))
    instants, _ = numbers_of(_times(rows[TIME]))
    edges = bin_edges(asked.bins, clock)
    bins = bin_of(instants, edges)
    questions = None if asked.query is None else _questions(store, asked.query, clock.values(middles(edges)))
    samples, nearest = [], []
    for b in range(asked.bins):
        here = np.flatnonzero(bins == b)
        means = _by_item(rows["id"].take(here), z[here])
        at = questions[b] if questions is not None else means.mean(0) if len(means) else np.zeros(z.shape[1])
        samples.append(means if questions is None else means[np.argsort(-(means @ at), kind="stable")[:SPREADING]])
        scores = z[here] @ (at / max(float(np.linalg.norm(at)), 1e-12))
        best = np.argsort(-scores, kind="stable")[: asked.k]
        found = rows.drop_columns(["vector"]).take(here[best]).to_pylist()
        nearest.append([{"score": float(s), **store.row(row)} for s, row in zip(scores[best], found, strict=True)])
    name = f"{asked.field}: {asked.value}" if questions is None else "the question"
    curve = spread_curve(name, samples, edges, clock).to_dict()
    told = [{**b, "nearest": hits} for b, hits in zip(curve["bins"], nearest, strict=True)]
    return {"name": name, "bins": told}


def _questions(store: Store, query: Query, instants: NDArray[Any]) -> list[NDArray[np.float32]]:
    """For each instant what a query looks with there."""
    if not store.collection.embeds_time:
        return [store.question_vector(query)] * len(instants)
    return [store.question_vector(query, v if isinstance(v, float) else v.isoformat()) for v in instants.tolist()]


def _by_item(ids: pa.ChunkedArray, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the rows of each item, of unit length."""
    from commonspace.timeline.items import unit

    items, which = np.unique(np.array(ids.to_pylist(), object), return_inverse=True)
    sums = np.zeros((len(items), z.shape[1]))
    np.add.at(sums, which, z)
    return unit(sums)


def _times(column: pa.ChunkedArray) -> Any:
    """Numbers as they are, dates as NumPy has them."""
    if pa.types.is_temporal(column.type):
        return column.cast(pa.timestamp("us")).to_numpy()
    return column.to_numpy()
