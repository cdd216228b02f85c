"""The LanceDB table below a collection: all that calls LanceDB is in this file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from commonspace.errors import CommonspaceError

from .columns import KEY, base_schema, column_name, field_name
from .lance_errors import translated
from .sql import both, one_of

FEWEST_TO_INDEX = 5_000
"""Below this many rows a search of everything is as fast as an index, and exact."""

# Measured on Gaussian vectors, the hardest there are: 30,000 x 128, recall@10 .19 as LanceDB comes, .54 with 40 probes
# and refinement by 5, .97 with 400 candidates besides, at no cost in time.
_PROBES, _REFINE, _CANDIDATES = 40, 5, 400
_DELETED_AT_ONCE = 1_000
_MOST_TIES = 10_000


class VectorTable:
    """Rows of vectors and metadata on disk.

    Args:
        folder: The collection's folder.
        name: The name of the table in it.
        dim: The length of a vector, to make a new table; None opens the one that is there.

    Raises:
        StorageError: If the table cannot be made or read.
    """

    def __init__(self, folder: Path, name: str, dim: int | None = None) -> None:
        import lancedb  # takes a second or two

        self._path = folder / f"{name}.lance"
        with self._guarded():
            # Interval 0: each call sees what other processes have written.
            database = lancedb.connect(str(folder), read_consistency_interval=timedelta(0))
            self._table: Any = (
                database.open_table(name) if dim is None else database.create_table(name, schema=base_schema(dim))
            )

    @property
    def path(self) -> Path:
        """The folder that Lance keeps the rows in."""
        return self._path

    def __len__(self) -> int:
        with self._guarded():
            return int(self._table.count_rows())

    @property
    def schema(self) -> pa.Schema:
        """The columns there are."""
        with self._guarded():
            return self._table.schema

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """What can be filtered by: field -> type."""
        return {field_name(f.name): f.type for f in self.schema if f.name != "vector"}

    @property
    def version(self) -> int:
        """Of what is stored."""
        with self._guarded():
            return int(self._table.version)

    def rows(self, fields: Sequence[str], vectors: bool, where: str | None) -> pa.Table:
        """Some columns of the rows that pass `where`, under the names of their fields."""
        columns = [column_name(field) for field in fields] + ["vector"] * vectors
        with self._guarded():
            query = self._table.search()
            if where is not None:
                query = query.where(where)
            found = query.select(columns).limit(None).to_arrow().select(columns)
        return found.rename_columns([*fields, *["vector"] * vectors])

    def counts(self) -> dict[str, int]:
        """Modality -> number of rows, in the order of their names."""
        with self._guarded():
            column = self._table.search().select(["modality"]).to_arrow()["modality"]
        return {
            entry["values"]: entry["counts"]
            for entry in sorted(pc.value_counts(column).to_pylist(), key=lambda e: e["values"])
        }

    def has(self, *modalities: str) -> bool:
        """Whether any row is of one of the modalities."""
        with self._guarded():
            return bool(self._table.count_rows(one_of("modality", modalities)))

    def extend(self, fields: Mapping[str, pa.DataType]) -> None:
        """Adds the fields that are not there yet; older rows have no value in them."""
        known = self.fields
        new = [pa.field(column_name(field), kind) for field, kind in fields.items() if field not in known]
        if new:
            with self._guarded():
                self._table.add_columns(new)

    def add(self, rows: pa.Table) -> None:
        """Adds rows whose keys are not stored; the caller knows."""
        with self._guarded():
            self._table.add(rows)

    def put(self, rows: pa.Table) -> None:
        """Adds rows, in the place of those with the same key."""
        with self._guarded():
            self._upsert().execute(rows)

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
        with self._guarded():
            stored = self._table.search().where(condition).select(list(KEY)).limit(None).to_arrow()
            if not stored.num_rows:
                if rows.num_rows:
                    self._table.add(rows)
            elif stored.join(rows.select(list(KEY)), keys=list(KEY), join_type="left anti").num_rows:
                # Reads the whole table, so only where there is something to take away.
                self._upsert().when_not_matched_by_source_delete(condition).execute(rows)
            else:
                self._upsert().execute(rows)

    def search(self, vector: NDArray[np.float32], k: int, where: str | None) -> pa.Table:
        """The k rows nearest by cosine among those that pass `where`, and more if the last are tied; no vectors."""
        columns = [f.name for f in self.schema if f.name != "vector"]
        limit = k + 1
        with self._guarded():
            indexed = bool(self._table.list_indices())
            while True:
                query = self._table.search(vector, vector_column_name="vector").distance_type("cosine").limit(limit)
                if where is not None:
                    query = query.where(where, prefilter=True)
                if indexed:
                    # At least so many probes, and all (0) rather than fewer than k hits under a narrow filter.
                    query = query.minimum_nprobes(_PROBES).maximum_nprobes(0).refine_factor(_REFINE)
                    query = query.ef(max(_CANDIDATES, 2 * _REFINE * limit))
                found = query.select([*columns, "_distance"]).to_arrow()
                distances = found["_distance"].to_numpy()
                # Which of several equal rows make the cut must not be chance: fetch until the tie is whole.
                if len(found) < limit or distances[-1] > distances[k - 1] or limit > k + _MOST_TIES:
                    return found
                limit *= 4

    def delete(self, ids: Sequence[str]) -> int:
        """Removes all rows of the ids; returns how many there were."""
        removed = 0
        with self._guarded():
            for low in range(0, len(ids), _DELETED_AT_ONCE):
                condition = one_of("id", ids[low : low + _DELETED_AT_ONCE])
                removed += int(self._table.delete(condition).num_deleted_rows)
        return removed

    def build_index(self) -> None:
        """Merges small files and, from `FEWEST_TO_INDEX` rows on, makes an IVF-HNSW-SQ index over the vectors."""
        from lancedb.index import HnswSq

        with self._guarded():
            self._table.optimize()
            if len(self) >= FEWEST_TO_INDEX:
                self._table.create_index("vector", config=HnswSq(distance_type="cosine"))

    def _upsert(self) -> Any:
        return self._table.merge_insert(list(KEY)).when_matched_update_all().when_not_matched_insert_all()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except CommonspaceError:
            raise
        except (RuntimeError, OSError, ValueError) as error:
            raise translated(error, self._path) from error
