"""The data set below a collection: all that calls Lance is here, in `exact`, `nearest`, `quiet_lance` or `version`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonspace.errors import CommonspaceError

from .columns import KEY, base_schema, column_name, field_name
from .effort import Choice, Effort
from .exact import exact_neighbours
from .lance_errors import LANCE_ERRORS, translated
from .nearest import nearest, nearest_and_tied
from .quiet_lance import quiet_lance
from .sql import both, one_of
from .version import INDEX, Version

T = TypeVar("T")

_MODALITIES = "modality_idx"
_DELETED_AT_ONCE = 1_000
# Files of so many rows are left as they are: merging all into one would write a large collection anew each time.
_ROWS_PER_FILE = 131_072
_MOST_LATE = 0.1
_READS = 3

FILES = "2.1"
"""The version of Lance's files: a few rows of a column of few values are read from 2.2 in eight times the time."""


class VectorTable:
    """Rows of vectors and metadata on disk.

    Args:
        folder: The collection's folder.
        name: The name of the table in it.
        dim: The length of a vector, to make a new table; None opens the one that is there.
        kind: The type of the numbers of a vector in a new table.

    Raises:
        StorageError: If the table cannot be made or read.
    """

    def __init__(self, folder: Path, name: str, dim: int | None = None, kind: pa.DataType | None = None) -> None:
        self._path = folder / f"{name}.lance"
        lance = quiet_lance()
        with self._guarded():
            if dim is not None:
                empty = base_schema(dim, kind or pa.float32()).empty_table()
                lance.write_dataset(empty, str(self._path), data_storage_version=FILES)
            self._held = Version(lance.dataset(str(self._path)))

    @property
    def path(self) -> Path:
        """The folder that Lance keeps the rows in."""
        return self._path

    def __len__(self) -> int:
        return self._read(lambda dataset: int(dataset.count_rows()))

    @property
    def schema(self) -> pa.Schema:
        """The columns there are."""
        return self._read(lambda dataset: dataset.schema)

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return int(self.schema.field("vector").type.list_size)

    @property
    def half(self) -> bool:
        """Whether vectors are stored in half precision."""
        return bool(pa.types.is_float16(self.schema.field("vector").type.value_type))

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """What can be filtered by: field -> type."""
        return {field_name(f.name): f.type for f in self.schema if f.name != "vector"}

    @property
    def version(self) -> int:
        """Of what is stored."""
        return self._read(lambda dataset: int(dataset.version))

    def rows(self, fields: Sequence[str], vectors: bool, where: str | None) -> pa.Table:
        """Some columns of the rows that pass `where`, under the names of their fields; vectors in float32."""
        columns = [column_name(field) for field in fields] + ["vector"] * vectors
        found = self._read(lambda dataset: dataset.scanner(columns=columns, filter=where).to_table().select(columns))
        if vectors:
            kind = pa.list_(pa.float32(), found.schema.field("vector").type.list_size)
            found = found.set_column(len(fields), "vector", found["vector"].cast(kind))
        return found.rename_columns([*fields, *["vector"] * vectors])

    def counts(self) -> dict[str, int]:
        """Modality -> number of rows, in the order of their names."""
        column = self._read(lambda dataset: dataset.to_table(columns=["modality"]))["modality"]
        return {
            entry["values"]: entry["counts"]
            for entry in sorted(pc.value_counts(column).to_pylist(), key=lambda e: e["values"])
        }

    def has(self, *modalities: str) -> bool:
        """Whether any row is of one of the modalities."""
        return self._read(lambda dataset: bool(dataset.count_rows(one_of("modality", modalities))))

    def sample(self, modality: str, count: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Vectors of rows of a modality, drawn without replacement, and their row ids."""

        def draw(dataset: Any) -> pa.Table:
            condition = one_of("modality", [modality])
            ids = dataset.to_table(columns=["_rowid"], filter=condition)["_rowid"].to_numpy()
            chosen = np.sort(rng.choice(ids, min(count, len(ids)), replace=False)).tolist()
            numbers = f"_rowid IN ({', '.join(map(str, chosen))})"
            return dataset.to_table(columns=["_rowid", "vector"], filter=numbers)

        drawn = self._read(draw)
        vectors = drawn["vector"].combine_chunks().flatten().to_numpy().astype(np.float32)
        return vectors.reshape(len(drawn), -1), drawn["_rowid"].to_numpy()

    def exact(self, vectors: NDArray[np.float32], k: int, where: str | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """(m, k) row ids and distances of the rows nearest to each of m vectors."""
        return self._read(lambda dataset: exact_neighbours(dataset, vectors, k, where))

    def neighbours(self, vectors: NDArray[np.float32], k: int, where: str | None, effort: Effort) -> list[pa.Table]:
        """For each vector the row ids and distances of the k rows that the index finds nearest."""
        return self._read(lambda dataset: nearest(dataset, vectors, k, where, effort, ["_rowid"]))

    def search(
        self, vectors: NDArray[np.float32], k: int, to: str | None, where: str | None, choice: Choice
    ) -> list[pa.Table]:
        """For each vector the k rows nearest by cosine, and more if the last are tied; without their vectors.

        Args:
            vectors: (m, d).
            k: How many.
            to: Only among rows of this modality.
            where: Only among rows that pass.
            choice: How hard to look in an index of some segments.
        """

        def find(dataset: Any) -> list[pa.Table]:
            known, scope = self._known(dataset), where
            if to is not None and not (known.segments and known.only_modality == to):
                scope = both(one_of("modality", [to]), where)
            effort = choice(known.segments, known.rows - known.late) if known.segments else None
            most = min(k, max(1, known.rows))
            return nearest_and_tied(dataset, vectors, most, scope, effort, known.columns)

        return self._read(find)

    def _known(self, dataset: Any) -> Version:
        held = self._held  # another thread may hold a newer one by now
        return held if held.dataset is dataset else Version(dataset)

    def extend(self, fields: Mapping[str, pa.DataType]) -> None:
        """Adds the fields that are not there yet; older rows have no value in them."""
        known = self.fields
        new = [pa.field(column_name(field), kind) for field, kind in fields.items() if field not in known]
        if new:
            with self.writing() as dataset:
                dataset.add_columns(new)

    def add(self, rows: pa.Table) -> None:
        """Adds rows whose keys are not stored; the caller knows."""
        with self.writing() as dataset:
            dataset.insert(rows, mode="append")

    def put(self, rows: pa.Table) -> None:
        """Adds rows, in the place of those with the same key."""
        with self.writing() as dataset:
            _upsert(dataset).execute(rows)

    def put_items(self, rows: pa.Table, ids: Sequence[str], modalities: Sequence[str]) -> None:
        """Makes the rows all that is stored of some items, in one commit: a kill leaves the old or the new.

        Args:
            rows: What is to be stored of the items.
            ids: The items.
            modalities: The modalities of which nothing else may stay.
        """
        if not len(ids):
            return
        condition = both(one_of("modality", modalities), one_of("id", ids))
        with self.writing() as dataset:
            stored = dataset.to_table(columns=list(KEY), filter=condition)
            if not stored.num_rows:
                if rows.num_rows:
                    dataset.insert(rows, mode="append")
            elif stored.join(rows.select(list(KEY)), keys=list(KEY), join_type="left anti").num_rows:
                # Reads the whole table, so only where there is something to take away.
                _upsert(dataset).when_not_matched_by_source_delete(condition).execute(rows)
            else:
                _upsert(dataset).execute(rows)

    def delete(self, ids: Sequence[str]) -> int:
        """Removes all rows of the ids; returns how many there were."""
        removed = 0
        with self.writing() as dataset:
            for low in range(0, len(ids), _DELETED_AT_ONCE):
                condition = one_of("id", ids[low : low + _DELETED_AT_ONCE])
                removed += int(dataset.delete(condition)["num_deleted_rows"])
        return removed

    @property
    def segments(self) -> tuple[str, ...]:
        """What tells the index that is there from any other; nothing where there is none."""
        return self._read(lambda dataset: self._known(dataset).segments)

    def index_kind(self) -> tuple[str, int]:
        """The type of the index and in how many partitions its segments are, at most."""
        found = self._read(lambda dataset: dataset.stats.index_stats(INDEX))
        parts = found.get("segments") or found["indices"]
        return str(found["index_type"]), max(int(part["num_partitions"]) for part in parts)

    def unindexed(self) -> int:
        """How many rows no index holds, so that a search looks at each of them."""
        return self._read(lambda dataset: self._known(dataset).late)

    def create_index(self, kind: str, options: Mapping[str, int]) -> None:
        """Indexes the vectors anew, and by a bitmap the modalities, of which most searches name one.

        Lance is not asked to tell how far it is: where there are two processors it then often stops for good (pylance
        14.0.2).

        Args:
            kind: A type of index of Lance's.
            options: What else the type needs.
        """
        size = max(1, round(math.sqrt(len(self))))  # as many partitions as rows in each: the least to look at
        with self.writing() as dataset:
            dataset.create_index(
                "vector", kind, name=INDEX, metric="cosine", replace=True, target_partition_size=size, **options
            )
            index_modalities(dataset)

    def drop_index(self) -> None:
        """Takes the index away."""
        with self.writing() as dataset:
            for index in dataset.describe_indices():
                dataset.drop_index(index.name)

    def grow_index(self) -> None:
        """Puts the rows that no index holds into the one that is there.

        They become a segment of their own, together with those that came since the first was written; once all these
        hold more than a share of the rows, one is made of all. Left to itself, Lance adds a segment each time.
        """
        with self.writing() as dataset:
            held = dataset.stats.index_stats(INDEX)["num_indexed_rows_per_delta"]
            late = dataset.count_rows() - max(held)
            merged = len(held) if late > _MOST_LATE * max(held) else len(held) - 1
            dataset.optimize.optimize_indices(num_indices_to_merge=merged, index_names=[INDEX])
            index_modalities(dataset)

    def compact(self) -> None:
        """Merges small files and writes those anew of which much was deleted."""
        with self.writing() as dataset:
            dataset.optimize.compact_files(target_rows_per_fragment=_ROWS_PER_FILE)

    def forget(self, older_than: timedelta) -> None:
        """Removes versions that are older, and the files that only they need."""
        with self.writing() as dataset:
            dataset.cleanup_old_versions(older_than=older_than)

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The newest version as an object of its own: Lance lets no one read an object that is writing.

        Raises:
            StorageError: If Lance cannot do what the block asks of it.
        """
        with self._guarded():
            held = self._held.dataset
            yield held.checkout_version(held.latest_version)

    def _latest(self) -> Any:
        """The newest version, by whichever process; objects of Lance's are replaced, since other threads read them."""
        held = self._held
        newest = held.dataset.latest_version
        if newest == held.dataset.version:
            return held.dataset
        new = Version(held.dataset.checkout_version(newest))
        segments = new.segments
        try:
            same = segments == held.segments
        except LANCE_ERRORS:  # a long manifest is read late, and this one may be gone meanwhile
            same = False
        if not same:
            new = Version(quiet_lance().dataset(str(self._path)))  # else the caches would keep the old index for good
        self._held = new
        return new.dataset

    def _read(self, work: Callable[[Any], T]) -> T:
        with self._guarded():
            attempt = 1
            while True:
                dataset = None
                try:
                    dataset = self._latest()
                    return work(dataset)
                except LANCE_ERRORS:
                    # Another process may have removed the version just now; there is a newer one then.
                    if attempt == _READS or (dataset is not None and dataset.version == dataset.latest_version):
                        raise
                    attempt += 1

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except CommonspaceError:
            raise
        except LANCE_ERRORS as error:
            raise translated(error, self._path) from error


def index_modalities(dataset: Any) -> None:
    """Without it each search that names a modality reads that of every row, which takes longer than the search."""
    dataset.create_scalar_index("modality", "BITMAP", name=_MODALITIES, replace=True)


def _upsert(dataset: Any) -> Any:
    # An index is of one column of the key, and there is none of the key.
    return dataset.merge_insert(list(KEY)).use_index(False).when_matched_update_all().when_not_matched_insert_all()
