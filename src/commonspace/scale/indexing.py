"""A collection written and indexed by a cluster: fragments of a Lance table, committed together, by lance-ray."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from commonspace.catalogue.load import saved_encoders
from commonspace.collection import Collection, check_dataset, is_collection
from commonspace.collection.checks import check_dim
from commonspace.collection.index import CODES, FEWEST_TO_INDEX
from commonspace.collection.lance_errors import LANCE_ERRORS, translated
from commonspace.collection.manifest import Manifest, table_folder
from commonspace.collection.partition_rows import field_types, merged_types, rows_of
from commonspace.collection.table import FILES, VectorTable, index_modalities
from commonspace.collection.version import INDEX
from commonspace.data.partitions import Partitions
from commonspace.data.places import Place
from commonspace.errors import CommonspaceError, InputError, MissingPackageError, ParameterError, StorageError
from commonspace.spaces import Space

from .cluster import check_workers, connected, processors, run_tasks
from .fitting import GROUP, identity, numbers_of
from .job import CREATED, begin

Run = Callable[..., dict[int, Any]]

DATA = "data"
"""The folder of a Lance table in which the files of its fragments are."""

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
        store: The folder of the collection, which every machine sees under the same path. Items are not added to one
            that is there.
        split: The split to store. None takes everything.
        overwrite: Replace a collection that is there, once all the data is known to fit the space: it is embedded
            once more for that.
        work: A folder that keeps which fragments are written: the same call again, after a kill too, writes only what
            is missing. What it keeps is of one collection: once that was deleted or replaced, all is written anew.
            None keeps nothing.
        workers: At most so many tasks at once. None takes all processors.
        address: Of the cluster, see `encode`.

    Returns:
        The collection.

    Raises:
        MissingPackageError: If Ray or lance-ray is not installed.
        ParameterError: If the space is not fitted, or `store` is a URI.
        InputError: If the data cannot be embedded or stored, an item of `split` is missing, or no cluster answers.
        StorageError: If the folder holds another collection and `overwrite` is not set, cannot be written, or is not
            the same on every machine, or if `work` is of another job.
        UnknownNameError: If there are no splits.

    Example:
        ```python
        store = scale.index(space, "s3://photos/encoded", "/shared/store", work="/shared/work", address="auto")
        ```
    """
    check_workers(workers)
    check_dim(space, None)
    _require_lance()
    parts = data if isinstance(data, Partitions) else Partitions(data)
    target = Place(store)
    if target.remote:
        raise ParameterError(f"store: a collection is a folder of a filesystem that every machine sees, got {store}.")
    folder = Path(target.path)  # absolute: tasks run in other working directories
    place = None if work is None else Place(work)
    if place is not None:
        begin(place, {"space": space.fingerprint, "store": str(folder), "split": split, **identity(parts)})
    with connected(address) as ray:
        collection = _begun(space, folder, overwrite, place)
        if collection is None or not len(collection):
            run = _runner(ray, parts, workers)
            fields = _looked_at(run, space, parts, split, thoroughly=collection is None and is_collection(folder))
            if collection is None:
                collection = _created(space, parts, folder, overwrite, place)
            _write(run, collection, space, parts, split, place, fields)
        if len(collection) >= FEWEST_TO_INDEX:
            _build_index(collection, len(collection), workers or processors(ray))
    return Collection.open(folder, space=space)


def _begun(space: Space, folder: Path, overwrite: bool, place: Place | None) -> Collection | None:
    """The collection that an earlier call of the same job began; None where a new one is to be made.

    Raises:
        StorageError: If another collection is there and is not to be replaced.
    """
    if not is_collection(folder):
        return None
    token = "" if place is None else _token(place)
    if token:
        manifest = Manifest.read(folder)
        mark = Place(folder / table_folder(manifest.generation))
        found = _token(mark)
        if found == token:
            return Collection.open(folder, space=space)
        if not found and not overwrite and manifest.space == space.fingerprint:
            left = Collection.open(folder, space=space)
            if not len(left):  # a kill came after it was made and before it was marked
                _mark(mark, token)
                return left
    if overwrite:
        return None
    other = f", and not the one that {place} keeps the fragments of" if token else ""
    raise StorageError(
        f"{folder} holds a collection already{other}: open it with Collection.open, pick another folder, "
        "or pass overwrite=True."
    )


def _created(space: Space, parts: Partitions, folder: Path, overwrite: bool, place: Place | None) -> Collection:
    """A new collection, and a token of it in its table and in the folder that keeps its fragments.

    Without the token, fragments of a collection that was deleted or replaced since would be taken for this one's.
    """
    token = uuid.uuid4().hex
    encoders = saved_encoders(str(parts.place), parts.description.encoders, {})
    if place is not None:
        _mark(place, token)
    collection = Collection.create(folder, space, encoders=encoders, overwrite=overwrite)
    if place is not None:
        with collection.lend() as table:
            _mark(Place(table.path), token)
    return collection


def _mark(place: Place, token: str) -> None:
    place.write(CREATED, json.dumps({"collection": token}).encode())


def _token(place: Place) -> str:
    """What tells the collection that a folder is of from others; nothing where it is of none."""
    if CREATED not in place.names():
        return ""
    try:
        return str(json.loads(place.read(CREATED))["collection"])
    except (ValueError, KeyError, TypeError):
        return ""


def _runner(ray: Any, parts: Partitions, workers: int | None) -> Run:
    """Calls a function for each group of partitions, by tasks."""
    items = parts.description.items

    def units(group: int) -> int:
        return sum(items[number] for number in numbers_of(group, len(parts)))

    return partial(run_tasks, ray, numbers=range(-(-len(parts) // GROUP)), units=units, workers=workers)


def _looked_at(
    run: Run, space: Space, parts: Partitions, split: str | None, thoroughly: bool
) -> dict[str, pa.DataType]:
    """Field -> type of what will be stored beside the vectors, after a look whether the space can embed the data.

    It is a look at the first partition; where a collection is to be given up for it, `thoroughly`, at all.
    """
    found = run(metadata_of, (parts, split, space if thoroughly else None), description="reading metadata")
    first = next((number for number, _ in found.values() if number is not None), None)
    if first is None:
        raise InputError(f"{parts.place}: no item {'' if split is None else f'of split {split} '}to store.")
    if not thoroughly:
        check_dataset(parts.read(first, split=split, raw=False), space)
    return merged_types(types for _, types in found.values())


def metadata_of(
    group: int, parts: Partitions, split: str | None, space: Space | None
) -> tuple[int | None, dict[str, pa.DataType]]:
    """The first partition of a group that has items, and field -> type of what is stored of all beside vectors.

    Raises:
        InputError: If a space is given that cannot embed a partition.
    """
    found: dict[int, dict[str, pa.DataType]] = {}
    for number in numbers_of(group, len(parts)):
        data = parts.read(number, split=split, modalities=() if space is None else None, raw=False)
        if len(data):
            found[number] = field_types(data)
            if space is not None:
                check_dataset(data, space)
    return next(iter(found), None), merged_types(found.values())


def _write(
    run: Run,
    collection: Collection,
    space: Space,
    parts: Partitions,
    split: str | None,
    place: Place | None,
    fields: dict[str, pa.DataType],
) -> None:
    """Writes the rows by tasks, and commits them."""
    kept = None if place is None else place.inside(_token(place))
    with collection.lend() as table:
        table.extend(fields)
        shared = (space, parts, split, kept, str(table.path), table.schema, dict(table.fields))
        written = run(write_group, shared, description="storing")
        commit(table, [text for texts in written.values() for text in texts])


def write_group(
    group: int,
    space: Space,
    parts: Partitions,
    split: str | None,
    kept: Place | None,
    path: str,
    schema: pa.Schema,
    fields: dict[str, pa.DataType],
) -> list[str]:
    """Writes the rows of the partitions of a group as fragments, and tells what they are, as JSON."""
    from lance_ray.fragment import write_fragment

    name = f"fragments-{group:06d}.json"
    if kept is not None and name in kept.names():
        known = list(json.loads(kept.read(name)))
        if not _missing(Path(path), known):
            return known
    failed: list[CommonspaceError] = []

    def rows() -> Iterator[pa.Table]:
        try:
            for number in numbers_of(group, len(parts)):
                data = parts.read(number, split=split)
                if len(data):
                    yield from rows_of(data, space, space.n_components_, schema, fields)
        except CommonspaceError as error:
            failed.append(error)  # Lance, which reads the rows, makes another error of it
            raise

    try:
        fragments = write_fragment(rows(), path, schema=schema, data_storage_version=FILES)
        written = [json.dumps(fragment.to_json()) for fragment, _ in fragments]
    except CommonspaceError:
        raise
    except LANCE_ERRORS as error:
        raise (failed[0] if failed else translated(error, Path(path))) from error
    if kept is not None:
        kept.write(name, json.dumps(written).encode())
    return written


def commit(table: VectorTable, fragments: Sequence[str]) -> None:
    """Makes fragments the rows of a table.

    Args:
        table: The table.
        fragments: What `write_group` tells of each.

    Raises:
        InputError: If there are none.
        StorageError: If a file of theirs is not in the table's folder, or the commit fails.
    """
    import lance

    if not fragments:
        raise InputError(f"{table.path}: no item has anything to store: all lack every modality that the space knows.")
    missing = _missing(table.path, fragments)
    if missing:
        raise StorageError(
            f"store: {len(missing)} files that the cluster wrote are not in {table.path / DATA}, such as {missing[0]}: "
            f"{table.path.parent} is not the same folder on every machine. Nothing was stored: choose a folder on "
            "storage that all of them see under the same path."
        )
    with table.writing() as dataset:
        rows = lance.LanceOperation.Append([lance.FragmentMetadata.from_json(text) for text in fragments])
        lance.LanceDataset.commit(dataset.uri, rows, read_version=dataset.version)


def _missing(path: Path, fragments: Sequence[str]) -> list[str]:
    """The files of fragments that are not in a table's folder."""
    names = [str(file["path"]) for text in fragments for file in json.loads(text)["files"]]
    return [name for name in names if not (path / DATA / name).is_file()]


def _build_index(collection: Collection, rows: int, workers: int) -> None:
    """The index of `Collection.build_index`, in segments; its recall is then measured on this machine."""
    from lance_ray import create_index

    partitions = round(rows**0.5)
    with collection.lend() as table:
        if not table.segments or table.unindexed():
            with table.writing() as dataset:
                index_modalities(dataset)  # before the other, so that where that is there this is too
            with table.writing():
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
