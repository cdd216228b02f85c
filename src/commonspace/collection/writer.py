"""What writes to a collection, one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.errors import StorageError
from commonspace.progress import progress

from .dataset_rows import Batch
from .entries import Entries, as_table
from .index import IndexFile, IndexReport
from .indexing import build, maintain
from .lock import writing
from .manifest import Manifest, map_file
from .metadata import match_types
from .table import VectorTable


class Writer:
    """Writes to the table of a collection.

    Args:
        folder: The collection's folder.
        manifest: What collection.json said when the collection was opened.
        table: Its table.
        index: What was measured of its index.
    """

    def __init__(self, folder: Path, manifest: Manifest, table: VectorTable, index: IndexFile) -> None:
        self._folder, self._manifest, self._table, self._index = folder, manifest, table, index

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other writers out during the block.

        Raises:
            StorageError: If another writer does not finish, or has put another collection in this one's place.
        """
        if not self._folder.is_dir():
            raise StorageError(f"{self._folder} is gone. Restore it, or create the collection again.")
        with writing(self._folder):
            if Manifest.read(self._folder) != self._manifest:
                raise StorageError(
                    f"{self._folder} was replaced by another collection since it was opened. Open it again, and look "
                    "whether what you store belongs there."
                )
            yield

    @contextmanager
    def lent(self) -> Iterator[VectorTable]:
        """The table, for one who writes to its folder directly during the block; other writers are kept out."""
        with self.locked():
            yield self._table

    def put_items(self, batches: Iterator[Batch], modalities: Sequence[str], total: int) -> None:
        """Makes what the batches hold all that is stored of their items in these modalities; batch by batch."""
        with self.locked(), progress("storing", total) as advance:
            fresh = not self._table.has(*modalities)  # under the lock: no other writer can make it untrue
            for batch in batches:
                for entries in batch.entries:
                    entries.check()
                rows = self._as_rows(batch.entries)
                if not fresh:
                    self._table.put_items(rows, batch.ids, modalities)
                elif rows.num_rows:  # a plain addition spares the look-up of the keys
                    self._table.add(rows)
                advance(len(batch.ids))

    def put_rows(self, entries: Entries) -> None:
        """Stores entries, each row in the place of the one with its key."""
        with self.locked(), progress(f"storing {entries.modality}", len(entries.ids)) as advance:
            match_types(entries.metadata, self._table.fields)  # all of it, before the first batch is written
            fresh = not self._table.has(entries.modality)
            for batch in entries.batches():
                rows = self._as_rows([batch])
                if rows.num_rows:
                    (self._table.add if fresh else self._table.put)(rows)
                advance(len(batch.ids))

    def delete(self, ids: Sequence[str]) -> int:
        """Removes all rows of the ids; returns how many there were."""
        with self.locked():
            return self._table.delete(ids)

    def build_index(self, recall: float, codes: str, queries: NDArray[np.float32] | None) -> IndexReport:
        """Merges small files, indexes what is large enough, and measures the index."""
        with self.locked():
            return build(self._table, self._index, recall, codes, queries)

    def optimize(self, keep: timedelta) -> IndexReport:
        """Merges small files, puts new rows into the index, and removes old versions."""
        with self.locked():
            return maintain(self._table, self._index, keep)

    def write_map(self, made: pa.Table) -> None:
        """Keeps a map, in the place of the one there was."""
        from .map import write_map

        with self.locked():
            write_map(made, self._folder / map_file(self._manifest.generation))

    def _as_rows(self, entries: Sequence[Entries]) -> pa.Table:
        """Entries of the same items as rows of the table, which has columns for their fields from here on."""
        columns = match_types(entries[0].metadata, self._table.fields)
        self._table.extend({field: values.type for field, values in columns.items()})
        return as_table(entries, self._table.schema, columns)
