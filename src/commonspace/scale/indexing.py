"""A collection written and indexed by a cluster: fragments of a Lance table, committed together, by lance-ray."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from commonspace.catalogue.load import saved_encoders
from commonspace.collection import Collection, is_collection
from commonspace.collection.index import CODES, FEWEST_TO_INDEX
from commonspace.collection.partition_rows import field_types, merged_types, rows_of
from commonspace.collection.table import INDEX
from commonspace.data.partitions import Partitions
from commonspace.data.places import Place
from commonspace.errors import InputError, MissingPackageError, ParameterError
from commonspace.spaces import Space

from .cluster import check_workers, connected, processors, run_tasks
from .fitting import GROUP, identity, numbers_of
from .job import begin

CREATED = "created.json"
TRAINED_BY = 256
"""Rows for each partition of the index by which its centres are found, where there are so many."""


def index(
    space: Space,
    data: Partitions | str | Path,
    store: str | Path,
    *,
    split: str | None = None,
    overwrite: bool = False,
    work: str | Path | None = None,
    workers: int | None = None,
    address: str | None = None,
) -> Collection:
    """Embeds a data set in partitions by a cluster, stores it in a new collection, and indexes it.

    Each task embeds some partitions and writes them as fragments of the collection's table; when all are there they
    are committed at once, in the order of the partitions. A search of everything gives what a collection made on one
    machine gives. From 5,000 rows on the same kind of index is built as there, by the cluster in as many segments as
    there are workers, and how hard it has to be searched is measured as there.

    Args:
        space: A fitted space.
        data: What `encode` wrote. Its encoders are looked up by name, for queries.
        store: The folder of the collection, which every machine sees. Items are not added to one that is there.
        split: The split to store. None takes everything.
        overwrite: Replace a collection that is there.
        work: A folder that keeps which fragments are written: the same call again, after a kill too, writes only what
            is missing. None keeps nothing.
        workers: At most so many tasks at once. None takes all processors.
        address: Of the cluster, see `encode`.

    Returns:
        The collection.

    Raises:
        MissingPackageError: If Ray or lance-ray is not installed.
        ParameterError: If the space is not fitted, or `store` is a URI.
        InputError: If the data cannot be embedded or stored, an item of `split` is missing, or no cluster answers.
        StorageError: If the folder holds a collection and `overwrite` is not set, or cannot be written, or `work` is of
            another job.

    Example:
        ```python
        store = scale.index(space, "s3://photos/encoded", "/shared/store", work="/shared/work", address="auto")
        ```
    """
    check_workers(workers)
    _require_lance()
    parts = data if isinstance(data, Partitions) else Partitions(data)
    if Place(store).remote:
        raise ParameterError(f"store: a collection is a folder of a filesystem that every machine sees, got {store}.")
    place = None if work is None else Place(work)
    if place is not None:
        job = {"space": space.fingerprint, "store": str(Path(store).absolute()), "split": split}
        begin(place, {**job, **identity(parts)})
    with connected(address) as ray:
        collection = _collection(space, parts, store, overwrite, place)
        if not len(collection):
            _write(ray, collection, space, parts, split, place, workers)
        if len(collection) >= FEWEST_TO_INDEX:
            _build_index(collection, len(collection), workers or processors(ray))
    return Collection.open(store, space=space)


def _collection(space: Space, parts: Partitions, store: str | Path, overwrite: bool, place: Place | None) -> Collection:
    """A new collection; or the one that an earlier call of the same job began."""
    if place is not None and CREATED in place.names() and is_collection(Path(store)):
        return Collection.open(store, space=space)
    encoders = saved_encoders(str(parts.place), parts.description.encoders, {})
    collection = Collection.create(store, space, encoders=encoders, overwrite=overwrite)
    if place is not None:
        place.write(CREATED, b"{}")
    return collection


def _write(
    ray: Any,
    collection: Collection,
    space: Space,
    parts: Partitions,
    split: str | None,
    place: Place | None,
    workers: int | None,
) -> None:
    """Writes the rows by tasks, and commits them."""
    import lance

    items = parts.description.items
    groups = range(-(-len(parts) // GROUP))

    def units(group: int) -> int:
        return sum(items[number] for number in numbers_of(group, len(parts)))

    run = partial(run_tasks, ray, numbers=groups, units=units, workers=workers)
    with collection.lend() as table:
        types = run(types_of, (parts, split), description="reading metadata")
        fields = merged_types(types.values())
        table.extend(fields)
        shared = (space, parts, split, place, str(table.path), table.schema, dict(table.fields))
        written = run(write_group, shared, description="storing")
        fragments = [lance.FragmentMetadata.from_json(text) for texts in written.values() for text in texts]
        if not fragments:
            raise InputError(f"{parts.place}: no item {'' if split is None else f'of split {split} '}to store.")
        there = lance.dataset(str(table.path))
        lance.LanceDataset.commit(there.uri, lance.LanceOperation.Append(fragments), read_version=there.version)


def types_of(group: int, parts: Partitions, split: str | None) -> dict[str, pa.DataType]:
    """Field -> type of what is stored of the partitions of a group beside their vectors."""
    numbers = numbers_of(group, len(parts))
    found = (parts.read(number, split=split, modalities=(), raw=False) for number in numbers)
    return merged_types(field_types(data) for data in found if len(data))


def write_group(
    group: int,
    space: Space,
    parts: Partitions,
    split: str | None,
    place: Place | None,
    path: str,
    schema: pa.Schema,
    fields: dict[str, pa.DataType],
) -> list[str]:
    """Writes the rows of the partitions of a group as fragments, and tells what they are, as JSON."""
    from lance_ray.fragment import write_fragment

    name = f"fragments-{group:06d}.json"
    if place is not None and name in place.names():
        return list(json.loads(place.read(name)))

    def rows() -> Iterator[pa.Table]:
        for number in numbers_of(group, len(parts)):
            data = parts.read(number, split=split)
            if len(data):
                yield from rows_of(data, space, space.n_components_, schema, fields)

    written = [json.dumps(fragment.to_json()) for fragment, _ in write_fragment(rows(), path, schema=schema)]
    if place is not None:
        place.write(name, json.dumps(written).encode())
    return written


def _build_index(collection: Collection, rows: int, workers: int) -> None:
    """The index of `Collection.build_index`, in segments; its recall is then measured on this machine."""
    from lance_ray import create_index

    partitions = round(rows**0.5)
    with collection.lend() as table:
        create_index(
            str(table.path),
            "vector",
            CODES["sq"],
            name=INDEX,
            metric="cosine",
            num_partitions=partitions,
            num_workers=workers,
            sample_rate=min(TRAINED_BY, rows // partitions),
        )
    collection.optimize()


def _require_lance() -> None:
    try:
        import_module("lance_ray")
    except ImportError as error:
        raise MissingPackageError("index: needs lance-ray: pip install 'commonspace[ray]'.") from error
