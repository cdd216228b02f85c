"""What a collection holds, told without a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from commonspace.errors import UnknownNameError

from .columns import JOINT, STORED_KINDS
from .filters import Where, compile_filter
from .index import IndexFile, IndexReport, Setting
from .manifest import Manifest, index_file, map_file, stamp
from .queries import QueryEmbedder
from .table import VectorTable
from .writer import Writer


class Stored:
    """The rows of a collection and what is known of them; see `Collection`."""

    def __init__(self, path: Path, manifest: Manifest, table: VectorTable, embedder: QueryEmbedder) -> None:
        self.path = path
        self._manifest, self._table, self._embedder = manifest, table, embedder
        self._stamp = stamp(path)
        self._index = IndexFile(path / index_file(manifest.generation))
        self._writer = Writer(path, manifest, table, self._index)

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

    def kind(self, modality: str) -> str | None:
        """What the content of a modality is: what its encoder reads, such as "image"; else what it is named after.

        That of "joint" begins with "/" or a drive only where it is a path; None in a collection that was made before
        this was so.
        """
        kinds = self._manifest.kinds
        return (kinds or {}).get(modality, None if kinds is None and modality == JOINT else modality)

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
    def storage(self) -> str:
        """How vectors are kept: "float32" or "float16"."""
        kind = self._table.schema.field("vector").type.value_type
        return next(name for name, stored in STORED_KINDS.items() if stored == kind)

    @property
    def index(self) -> IndexReport | None:
        """What `build_index` or `optimize` measured, with the rows that came since; None where nothing is indexed.

        An index that was never measured, or of which more than a tenth was deleted since, has a recall of 0: every
        search looks at all of it, until `optimize`.
        """
        segments = self._table.segments
        if not segments:
            return None
        measured, late = self._index.read(), self._table.unindexed()
        held = len(self) - late
        if measured.report is not None and measured.holds(segments, held):
            return replace(measured.report, unindexed=late)
        kind, partitions = self._table.index_kind()
        unknown = Setting(None, 10, None, 1, 0.0)
        return IndexReport(kind, held, partitions, 0.0, 0.0, (unknown,), late)

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
