"""Raw items to views on a cluster: partition by partition, each kept as soon as it is finished."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from commonspace.catalogue import load_dataset
from commonspace.data import Dataset, Encoder
from commonspace.data.partition_file import ITEM, Summary, partition_name, read_summary, write_partition
from commonspace.data.partitions import Description, Partitions
from commonspace.data.places import Place
from commonspace.encoders import DEFAULT_ENCODERS, get_encoder
from commonspace.errors import CommonspaceError, InputError, ParameterError, UnknownNameError
from commonspace.progress import progress

from .cluster import check_workers, connected, processors, quieten
from .column_types import check_partitions, is_list
from .job import begin
from .repeats import first_repeated
from .sources import DatasetSource, Source, find_source, named_encoders

ROWS = 4096
"""Items in a partition: what is lost at most with a machine, for each of its workers. A multiple of what encoders take
at once, so that they see the batches that they see on one machine."""

_logger = logging.getLogger("commonspace")


class PartitionEncoder:
    """An actor: holds the encoders, and encodes one partition after another.

    Args:
        source: Where items come from.
        encoders: Modality -> an encoder, or its name.
        place: Where partitions are written.
    """

    def __init__(self, source: Source, encoders: Mapping[str, str | Encoder], place: Place) -> None:
        os.environ["COMMONSPACE_THREADS"] = "1"  # the actor was given one processor
        self._source, self._place = source, place
        self._encoders = {m: get_encoder(e, kind=m) if isinstance(e, str) else e for m, e in encoders.items()}

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """Encodes the partitions of a batch. What goes wrong is handed back, not raised: Ray would try it again."""
        out: list[Any] = []
        for number in batch["number"].tolist():
            try:
                out.append((number, self._encode(number)))
            except CommonspaceError as error:
                out.append((number, error))
        return {"done": out}

    def _encode(self, number: int) -> Summary:
        if partition_name(number) in self._place.names():  # finished before its machine was lost
            return read_summary(self._place, number)
        data = self._source.read(number)
        data.encoders = {m: e for m, e in self._encoders.items() if m in data.modalities}
        views, problems = {}, list(data.problems)
        for modality in data.modalities:
            if modality in data.encoders and ITEM + modality in data.table.column_names:
                views[modality], unread = data.encoded(modality)
                problems += unread
            else:
                views[modality] = data.view(modality)
        data.table = _with_lists(data.table, self._source.listed)
        return write_partition(self._place, number, data, views, problems)


def encode(
    data: Dataset | str | Path,
    out: str | Path,
    *,
    encoders: Mapping[str, str | Encoder] | None = None,
    columns: Mapping[str, str | None] | None = None,
    rows: int = ROWS,
    workers: int | None = None,
    address: str | None = None,
) -> Partitions:
    """Encodes raw items on a cluster into a folder of partitions.

    Each partition is a file that appears whole or not at all. The same call again, after a kill too, encodes only what
    is missing; a machine that is lost costs the partitions that it was at. The views are those of one machine to the
    last bit, where the encoder's row of an item does not depend on the items beside it, or `rows` is a multiple of
    512 and no item occurs twice or lacks a modality: then the batches are the same, too.

    Args:
        data: A `Dataset`; or a path or URI: a Parquet file, a folder of them, a Lance data set (`.lance`), or whatever
            `load_dataset` reads. Paths in it must be the same on every machine. Parquet is read row group by row group:
            groups of about `rows` rows are read once only.
        out: The folder to write: a path that every machine sees, or a URI such as `s3://bucket/encoded`.
        encoders: Modality -> an encoder or its name. Default: those of `load_dataset`, or of the data set.
        columns: For a table: role -> column, as in `load_dataset`.
        rows: Items in a partition.
        workers: At most so many encoders at once, each on a processor of its own. None takes all processors.
        address: Of the cluster, see `connected`.

    Returns:
        The folder, as `fit`, `evaluate` and `index` take it.

    Raises:
        MissingPackageError: If Ray is not installed.
        ParameterError: If `rows` or `workers` is below 1, or an encoder is given for what comes as features of another
            length than its rows.
        UnknownNameError: If there is no such column or encoder, or no such modality as an encoder is given for.
        InputError: If the data cannot be read, columns of files are unlike, an id occurs twice, none of the items of a
            modality can be read, or no cluster answers at the address.
        StorageError: If the folder holds something else, or cannot be written.

    Example:
        ```python
        encoded = scale.encode("s3://photos/tables", "s3://photos/encoded", address="auto")
        ```
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        raise ParameterError(f"rows: expected a whole number of at least 1, got {rows!r}.")
    check_workers(workers)
    place = Place(out)
    with connected(address) as ray:
        source = find_source(ray, data, columns, rows)
        if source is None:
            data = load_dataset(str(data), encoders=encoders, columns=columns)
            source = DatasetSource(ray, data, rows)
        own = data.encoders if isinstance(data, Dataset) else {m: get_encoder(e) for m, e in DEFAULT_ENCODERS.items()}
        given = {m: get_encoder(e, kind=m) if isinstance(e, str) else e for m, e in (encoders or {}).items()}
        known = _useful(source.read(0), own, given)
        begin(place, {"source": source.identity, "encoders": {m: e.fingerprint for m, e in known.items()}})
        parts = _run(ray, source, known, place, workers)
        if source.repeats and (repeated := first_repeated(ray, place, len(parts))) is not None:
            raise InputError(f"ids: {repeated!r} occurs more than once; ids must be distinct.")
        description = _describe(source, known, parts)
        check_partitions(ray, source.name, place, len(parts))
    description.write(place)
    if problems := sum(len(part.problems) for part in parts):
        _logger.info("%s: %d problems, told by the partitions", source.name, problems)
    return Partitions(place)


def _useful(data: Dataset, own: Mapping[str, Encoder], given: Mapping[str, Encoder]) -> dict[str, Encoder]:
    """The encoders of raw items, and those whose rows are as long as the features that a modality comes as.

    Args:
        data: The first partition.
        own: Those of the data set, or of every kind.
        given: Those of the user, which are not passed over.
    """
    useful = {m: e for m, e in {**own, **given}.items() if m in data.modalities and _fits(e, data, m)}
    for modality in given:
        if modality not in data.modalities:
            raise UnknownNameError(f"modality of {data.name}", modality, data.modalities)
        if modality not in useful:
            raise ParameterError(f"encoders: {data.name} comes as features for {modality}; nothing is encoded there.")
    return useful


def _fits(encoder: Encoder, data: Dataset, modality: str) -> bool:
    return ITEM + modality in data.table.column_names or encoder.dim == data.view(modality).shape[-1]


def _with_lists(table: pa.Table, modalities: Sequence[str]) -> pa.Table:
    """The table with raw items of these modalities as lists: in another partition an item may have several parts."""
    for modality in modalities:
        name = ITEM + modality
        kind = table[name].type if name in table.column_names else pa.null()
        if not pa.types.is_null(kind) and not is_list(kind):
            lists = [None if item is None else [item] for item in table[name].to_pylist()]
            table = table.set_column(table.column_names.index(name), name, pa.array(lists, pa.list_(kind)))
    return table


def _run(ray: Any, source: Source, encoders: Mapping[str, Encoder], place: Place, workers: int | None) -> list[Summary]:
    """Encodes what is missing, by actors of Ray Data."""
    there, done = place.names(), dict[int, Summary]()
    with progress("encoding", sum(source.sizes)) as advance:
        missing = []
        for number, size in enumerate(source.sizes):
            if partition_name(number) in there:
                done[number] = read_summary(place, number)
                advance(size)
            else:
                missing.append(number)
        if not missing:
            return [done[number] for number in sorted(done)]
        quieten(ray)
        wanted = min(workers or processors(ray), len(missing))
        numbers = ray.data.from_items([{"number": number} for number in missing], override_num_blocks=len(missing))
        encoded = numbers.map_batches(
            PartitionEncoder,
            fn_constructor_args=(source, named_encoders(encoders), place),
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=wanted, max_tasks_in_flight_per_actor=2),
            batch_size=1,
            num_cpus=1,
        )
        for row in encoded.iter_rows():
            number, result = row["done"]
            if isinstance(result, CommonspaceError):
                raise result
            done[number] = result
            advance(source.sizes[number])
    return [done[number] for number in sorted(done)]


def _describe(source: Source, encoders: Mapping[str, Encoder], parts: Sequence[Summary]) -> Description:
    """What the whole is, once its partitions fit one another."""
    modalities = parts[0].modalities
    if odd := next((part for part in parts if part.modalities != modalities), None):
        raise InputError(
            f"{source.name}: a partition has {', '.join(odd.modalities)}, the first {', '.join(modalities)}; a column "
            "of features may hold lists of unlike lengths."
        )
    if len({part.labels for part in parts} - {None}) > 1:
        raise InputError(
            f"{source.name}: label: some partitions have one value for each item, some several; give lists throughout."
        )
    for modality in modalities:
        if all(modality in part.absent for part in parts):
            problem = next((p for part in parts for p in part.problems if p.what == modality), "no item has it.")
            raise InputError(f"{modality}: none of the items could be read; the first: {problem}")
    several = any(part.labels == "several" for part in parts)
    names = tuple(dict.fromkeys(name for part in parts for name in part.label_names))
    return Description(
        source.name,
        source.protocol,
        modalities,
        {m: {"name": e.name, "fingerprint": e.fingerprint} for m, e in encoders.items()},
        tuple(part.items for part in parts),
        (names if source.ordered else tuple(sorted(names))) if several else None,
        dict(source.columns),
    )
