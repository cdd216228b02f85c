"""What a collection holds, told without a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from commonspace.errors import UnknownNameError

from .filters import Where, compile_filter
from .manifest import Manifest, map_file
from .queries import QueryEmbedder
from .table import VectorTable
from .writer import Writer


class Stored:
    """The rows of a collection and what is known of them; see `Collection`."""

    def __init__(self, path: Path, manifest: Manifest, table: VectorTable, embedder: QueryEmbedder) -> None:
        self.path = path
        self._manifest, self._table, self._embedder = manifest, table, embedder
        self._writer = Writer(path, manifest, table)

    def __len__(self) -> int:
        """The number of stored rows."""
        return len(self._table)

    def __repr__(self) -> str:
        return f"Collection({str(self.path)!r}, {len(self):,} rows, dim={self.dim})"

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._manifest.dim

    @property
    def modalities(self) -> dict[str, int]:
        """Modality -> the number of its stored rows."""
        return self._table.counts()

    @property
    def encoded(self) -> tuple[str, ...]:
        """The modalities whose raw items a search takes: those with an encoder."""
        return self._embedder.encoded

    @property
    def fields(self) -> dict[str, pa.DataType]:
        """What `where` may name: id, modality, part, content and the metadata, field -> type."""
        return self._table.fields

    @property
    def version(self) -> int:
        """A number that grows with each change of what is stored, by any process."""
        return self._table.version

    def rows(
        self, where: Where | None = None, *, fields: Sequence[str] | None = None, vectors: bool = False
    ) -> pa.Table:
        """What is stored, without a search.

        Args:
            where: As in `search`. Default: everything.
            fields: Which columns. Default: id, modality, part, content and all metadata.
            vectors: Whether the vectors are among them, as the column "vector".

        Returns:
            A table, in the order in which rows lie on disk.

        Raises:
            InputError: If `where` is not as described.
            UnknownNameError: If a field does not exist.
        """
        known = self._table.fields
        wanted = list(known) if fields is None else list(fields)
        for field in wanted:
            if field not in known:
                raise UnknownNameError("field", str(field), known)
        return self._table.rows(wanted, vectors, None if where is None else compile_filter(where, known))

    @property
    def has_map(self) -> bool:
        """Whether a map was built."""
        return self.map_version > 0

    @property
    def map_version(self) -> int:
        """A number that changes when a map is built, by any process; 0 where there is none."""
        try:
            return (self.path / map_file(self._manifest.generation)).stat().st_mtime_ns
        except OSError:
            return 0

    def map(self) -> pa.Table | None:
        """The map: id, modality, part, x and y in -1 to 1 of each row that was there when it was built; None if never.

        What it was made by is told by the schema's metadata, under "method".

        Raises:
            StorageError: If it cannot be read.
        """
        from .map import read_map

        return read_map(self.path / map_file(self._manifest.generation))
