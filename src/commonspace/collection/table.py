"""The LanceDB table below a collection: all that knows LanceDB is in this file."""

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

from commonspace.errors import StorageError

from .columns import KEY, base_schema, column_name, field_name
from .manifest import TABLE

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
        folder: Where the table is or will be.
        dim: The length of a vector, to make a new table; None opens the one that is there.

    Raises:
        StorageError: If the table cannot be made or read.
    """

    def __init__(self, folder: Path, dim: int | None = None) -> None:
        import lancedb  # takes a second or two

        self._folder = folder
        with self._guarded():
            # Interval 0: each call sees what other processes have written.
            database = lancedb.connect(str(folder), read_consistency_interval=timedelta(0))
            self._table: Any = (
                database.open_table(TABLE) if dim is None else database.create_table(TABLE, schema=base_schema(dim))
            )

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

    def counts(self) -> dict[str, int]:
        """Modality -> number of rows, in the order of their names."""
        with self._guarded():
            column = self._table.search().select(["modality"]).to_arrow()["modality"]
        return {
            entry["values"]: entry["counts"]
            for entry in sorted(pc.value_counts(column).to_pylist(), key=lambda e: e["values"])
        }

    def has(self, modality: str) -> bool:
        """Whether any row is of a modality."""
        with self._guarded():
            return bool(self._table.count_rows(equals("modality", modality)))

    def extend(self, fields: Mapping[str, pa.DataType]) -> None:
        """Adds the fields that are not there yet; older rows have no value in them."""
        known = self.fields
        new = [pa.field(column_name(field), kind) for field, kind in fields.items() if field not in known]
        if new:
            with self._guarded():
                self._table.add_columns(new)

    def write(self, rows: pa.Table, *, replace: bool) -> None:
        """Adds rows; with `replace`, in the place of those with the same key."""
        with self._guarded():
            if replace:
                self._table.merge_insert(list(KEY)).when_matched_update_all().when_not_matched_insert_all().execute(
                    rows
                )
            else:
                self._table.add(rows)

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
                names = ", ".join(quoted(name) for name in ids[low : low + _DELETED_AT_ONCE])
                removed += int(self._table.delete(f"`id` IN ({names})").num_deleted_rows)
        return removed

    def build_index(self) -> None:
        """Merges small files and, from `FEWEST_TO_INDEX` rows on, makes an IVF-HNSW-SQ index over the vectors."""
        from lancedb.index import HnswSq

        with self._guarded():
            self._table.optimize()
            if len(self) >= FEWEST_TO_INDEX:
                self._table.create_index("vector", config=HnswSq(distance_type="cosine"))

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turns LanceDB's errors into ours: by the time it is called all input was checked, so the disk is at fault."""
        try:
            yield
        except StorageError:
            raise
        except (RuntimeError, OSError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise StorageError(
                f"{self._folder / TABLE}.lance cannot be used: {reason}. Restore it, or create it again."
            ) from error


def quoted(text: str) -> str:
    """A text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def equals(column: str, text: str) -> str:
    """The condition that a column is a text."""
    return f"`{column}` = {quoted(text)}"


def both(*conditions: str | None) -> str | None:
    """All conditions that are given, together."""
    given: list[Any] = [f"({c})" for c in conditions if c is not None]
    return " AND ".join(given) or None
