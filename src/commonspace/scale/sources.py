"""Where items come from, in partitions: a data set in memory, Parquet files, or a Lance data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from commonspace.data import Dataset, Encoder
from commonspace.data.lance_file import open_lance
from commonspace.data.places import Place
from commonspace.data.readers.arrow import plain_column
from commonspace.data.readers.assemble import assemble
from commonspace.data.readers.media import Media, find_media, leading
from commonspace.data.readers.roles import find_roles
from commonspace.data.readers.rows import Rows
from commonspace.errors import InputError, StorageError


class Source(Protocol):
    """Items in partitions, which any process can read by their numbers.

    Attributes:
        name: What reports call the data set.
        protocol: What reports call the split and the rule of relevance.
        columns: Role -> column.
        identity: A digest of what the items are and how they are parted.
        sizes: The number of rows of each partition.
        repeats: Whether an identifier may occur in two partitions.
        ordered: Whether all partitions name the columns of labels in the one order that counts.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - described above, like the next

    @property
    def protocol(self) -> str: ...  # noqa: D102

    @property
    def columns(self) -> Mapping[str, str]: ...  # noqa: D102

    @property
    def identity(self) -> str: ...  # noqa: D102

    @property
    def sizes(self) -> Sequence[int]: ...  # noqa: D102

    @property
    def repeats(self) -> bool: ...  # noqa: D102

    @property
    def ordered(self) -> bool: ...  # noqa: D102

    def read(self, number: int) -> Dataset:
        """A partition, without encoders."""
        ...


class DatasetSource:
    """A data set that is in memory, parted by rows.

    Args:
        ray: The package; the parts are kept by the cluster.
        data: The data set.
        rows: Items in a partition.
    """

    repeats, ordered = False, True

    def __init__(self, ray: Any, data: Dataset, rows: int) -> None:
        self.name, self.protocol, self.columns = data.name, data.protocol, data.columns
        starts = range(0, len(data), rows)
        self.sizes = [min(rows, len(data) - start) for start in starts]
        digest = blake2b(f"{data.name} {data.protocol} {data.modalities} {rows}".encode(), digest_size=16)
        self._parts = []
        for start, size in zip(starts, self.sizes, strict=True):
            part = data.take(range(start, start + size)).detached()
            digest.update(_digest(part))
            self._parts.append(ray.put(part))
        self.identity = digest.hexdigest()

    def read(self, number: int) -> Dataset:
        """A partition."""
        import ray

        part: Dataset = ray.get(self._parts[number])
        return part


@dataclass(frozen=True)
class _Piece:
    """Some rows of one file.

    Attributes:
        file: Its name; of a Lance data set, "".
        start: The first row in the file.
        rows: How many.
        before: How many rows all files before have, and this one before `start`.
    """

    file: str
    start: int
    rows: int
    before: int


class TableSource:
    """Parquet files or a Lance data set, parted by rows; a partition does not go over the end of a file.

    Columns play the roles that `commonspace.data.readers.read` tells, as the user says, else as the first rows suggest.

    Args:
        place: The folder of the Parquet files, or the Lance data set.
        files: The Parquet files; none for Lance.
        columns: Role -> column.
        rows: Items in a partition.

    Raises:
        InputError: If there are no rows, no column is a modality, or rows of one picture would have to be put together.
        StorageError: If something cannot be read.
    """

    protocol, ordered = "custom", False

    def __init__(self, place: Place, files: Sequence[str], columns: Mapping[str, str | None], rows: int) -> None:
        self.place, self.name = place, Path(place.path.partition("?")[0]).stem
        self._pieces = list(_pieces(place, files, rows))
        if not self._pieces:
            raise InputError(f"{place}: the table has no rows; expected a row for each item.")
        self.sizes = [piece.rows for piece in self._pieces]
        self._media: Media = find_media(Path(place.path), depth=-1 if place.remote else 1)
        first = self._rows(0)
        self.columns = find_roles(first, columns, self._media)
        self.repeats = "id" in self.columns
        if not self.repeats and leading(self._media, self.columns) is not None:
            raise InputError(
                f"{place}: no column is an identifier; expected one, as rows of one picture may lie in several "
                "partitions. Name it: columns={'id': '...'}."
            )
        assemble(first, dict(self.columns), self._media)
        told = [str(place), [(p.file, p.start, p.rows) for p in self._pieces], sorted(self.columns.items())]
        self.identity = blake2b(repr(told).encode(), digest_size=16).hexdigest()

    def read(self, number: int) -> Dataset:
        """A partition."""
        reading = assemble(self._rows(number), dict(self.columns), self._media)
        return reading.to_dataset(encoders={}, name=self.name)

    def _rows(self, number: int) -> Rows:
        piece = self._pieces[number]
        table = _read(self.place, piece)
        name = f"{self.place}/{piece.file}".rstrip("/")
        columns = {c: plain_column(f"{name}: {c}", table[c]) for c in table.column_names}
        ids = [str(piece.before + row) for row in range(piece.rows)]
        return Rows(name, columns, lambda row: f"{piece.file or self.name} row {piece.start + row}", row_ids=ids)


def find_source(
    ray: Any, data: Dataset | str | Path, columns: Mapping[str, str | None] | None, rows: int
) -> Source | None:
    """The source for what the user gave; None for a path that holds neither Parquet nor Lance.

    Raises:
        InputError: If columns are given for a data set.
    """
    if isinstance(data, Dataset):
        if columns:
            raise InputError("columns: they tell how to read a table, and a Dataset was given. Leave them out.")
        return DatasetSource(ray, data, rows)
    place = Place(data)
    if place.path.partition("?")[0].endswith(".lance"):
        return TableSource(place, (), columns or {}, rows)
    if place.path.partition("?")[0].endswith(".parquet"):
        folder, _, file = place.path.rpartition("/")
        return TableSource(Place(folder or "/"), [file], columns or {}, rows)
    names = place.names()
    if names & {"dataset.json", "partitions.json"}:  # encoded already: its Parquet files are no table of a user's
        return None
    files = sorted(name for name in names if name.endswith(".parquet"))
    return TableSource(place, files, columns or {}, rows) if files else None


def named_encoders(encoders: Mapping[str, Encoder]) -> dict[str, str | Encoder]:
    """Modality -> the encoder's name, where the name alone rebuilds it; else the encoder itself, to be sent."""
    from commonspace.encoders import get_encoder
    from commonspace.errors import CommonspaceError

    named: dict[str, str | Encoder] = {}
    for modality, encoder in encoders.items():
        try:
            same = get_encoder(encoder.name, kind=modality).fingerprint == encoder.fingerprint
        except CommonspaceError:
            same = False
        named[modality] = encoder.name if same else encoder
    return named


def _digest(part: Dataset) -> bytes:
    digest = blake2b(digest_size=16)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, part.table.schema) as writer:
        writer.write_table(part.table.combine_chunks())
    digest.update(sink.getvalue())
    for modality in part.modalities:
        if f"item.{modality}" not in part.table.column_names:
            digest.update(np.ascontiguousarray(part.view(modality)).data)
    return digest.digest()


def _pieces(place: Place, files: Sequence[str], rows: int) -> Any:
    """The partitions, in the order of the files."""
    before = 0
    for file in files or ("",):
        count = open_lance(place.path).count_rows() if not file else _parquet_rows(place, file)
        for start in range(0, count, rows):
            yield _Piece(file, start, min(rows, count - start), before + start)
        before += count


def _parquet_rows(place: Place, file: str) -> int:
    try:
        with place.open(file) as opened, pq.ParquetFile(opened) as parquet:
            return int(parquet.metadata.num_rows)
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{place}/{file}: cannot be read as Parquet: {error}.") from error


def _read(place: Place, piece: _Piece) -> pa.Table:
    if not piece.file:
        return open_lance(place.path).to_table(offset=piece.start, limit=piece.rows)
    try:
        with place.open(piece.file) as opened, pq.ParquetFile(opened) as parquet:
            groups, first, at = [], None, 0
            for group in range(parquet.metadata.num_row_groups):
                end = at + parquet.metadata.row_group(group).num_rows
                if at < piece.start + piece.rows and end > piece.start:
                    first = at if first is None else first
                    groups.append(group)
                at = end
            return parquet.read_row_groups(groups).slice(piece.start - (first or 0), piece.rows)
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{place}/{piece.file}: cannot be read as Parquet: {error}.") from error
