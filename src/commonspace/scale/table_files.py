"""The files of a table: where they lie, what tells them from others, and some rows of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from commonspace.data.lance_file import lance_batches, open_lance, unreadable
from commonspace.data.places import Place
from commonspace.errors import StorageError

_BATCH = 65_536


@dataclass(frozen=True)
class Piece:
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


@dataclass(frozen=True)
class TableFiles:
    """Parquet files, or one version of a Lance data set.

    Attributes:
        place: The folder of the Parquet files, or the Lance data set.
        files: The Parquet files; none for Lance.
        version: Of the Lance data set; None for Parquet.
    """

    place: Place
    files: tuple[str, ...]
    version: int | None

    @classmethod
    def of(cls, place: Place, files: Sequence[str]) -> TableFiles:
        """The files as they are now: of a Lance data set the newest version, which is read from now on.

        Raises:
            StorageError: If the Lance data set cannot be read.
        """
        return cls(place, tuple(files), None if files else int(open_lance(place.path).version))

    def stamps(self) -> list[Any]:
        """What is another when a file was written anew: sizes and times; of Lance the version and its files' names.

        Raises:
            StorageError: If something cannot be read.
        """
        if not self.files:
            fragments = self._lance().get_fragments()
            return [self.version, [file.path for fragment in fragments for file in fragment.data_files()]]
        filesystem, base = self.place.base
        try:
            infos = filesystem.get_file_info([f"{base}/{file}" for file in self.files])
        except OSError as error:
            raise StorageError(f"{self.place}: cannot be read: {error.strerror or error}.") from error
        return [(info.size, info.mtime_ns) for info in infos]

    def footers(self) -> Iterator[tuple[str, int, pa.Schema]]:
        """Each file, how many rows it has, and the types of its columns; of Lance "" and those of the whole.

        Raises:
            StorageError: If something cannot be read.
        """
        if not self.files:
            dataset = self._lance()
            yield "", int(dataset.count_rows()), dataset.schema
        for file in self.files:
            try:
                with self.place.open(file) as opened, pq.ParquetFile(opened) as parquet:
                    rows, schema = int(parquet.metadata.num_rows), parquet.schema_arrow
            except (OSError, pa.ArrowException) as error:
                raise StorageError(f"{self.place}/{file}: cannot be read as Parquet: {error}.") from error
            yield file, rows, schema

    def read(self, piece: Piece) -> pa.Table:
        """Some rows.

        Raises:
            StorageError: If they cannot be read.
        """
        if not piece.file:
            return self._lance().to_table(offset=piece.start, limit=piece.rows)
        try:
            with self.place.open(piece.file) as opened, pq.ParquetFile(opened) as parquet:
                groups, first, at = [], None, 0
                for group in range(parquet.metadata.num_row_groups):
                    end = at + parquet.metadata.row_group(group).num_rows
                    if at < piece.start + piece.rows and end > piece.start:
                        first = at if first is None else first
                        groups.append(group)
                    at = end
                return parquet.read_row_groups(groups).slice(piece.start - (first or 0), piece.rows)
        except (OSError, pa.ArrowException) as error:
            raise StorageError(f"{self.place}/{piece.file}: cannot be read as Parquet: {error}.") from error

    def column(self, name: str, rows: int = _BATCH) -> Iterator[pa.Array]:
        """One column of all rows, at most so many rows at a time; files that lack it are passed over.

        Raises:
            StorageError: If it cannot be read.
        """
        if not self.files:
            yield from (b.column(0) for b in lance_batches(self._lance(), self.place.path, [name], rows))
        for file in self.files:
            try:
                with self.place.open(file) as opened, pq.ParquetFile(opened) as parquet:
                    if name in parquet.schema_arrow.names:
                        yield from (b[name] for b in parquet.iter_batches(rows, columns=[name]))
            except (OSError, pa.ArrowException) as error:
                raise StorageError(f"{self.place}/{file}: cannot be read as Parquet: {error}.") from error

    def _lance(self) -> Any:
        dataset = open_lance(self.place.path)
        try:
            return dataset if dataset.version == self.version else dataset.checkout_version(self.version)
        except (OSError, ValueError, RuntimeError) as error:
            raise unreadable(self.place.path, error) from error


def pieces(rows_of: Mapping[str, int], rows: int) -> Iterator[Piece]:
    """The partitions of files, in their order; none goes over the end of a file.

    Args:
        rows_of: File -> how many rows it has.
        rows: Rows in a partition.
    """
    before = 0
    for file, count in rows_of.items():
        for start in range(0, count, rows):
            yield Piece(file, start, min(rows, count - start), before + start)
        before += count


def kind_of(place: Place) -> fs.FileType:
    """Whether there is a file, a folder or nothing.

    Raises:
        StorageError: If that cannot be told.
    """
    filesystem, base = place.base
    try:
        return filesystem.get_file_info(base).type
    except OSError as error:
        raise StorageError(f"{place}: cannot be read: {error.strerror or error}.") from error


def bare(place: Place) -> str:
    """Its path without what a URI says of the store."""
    return place.path.partition("?")[0] if place.remote else place.path


def folder_and_file(place: Place) -> tuple[Place, str]:
    """The folder of a file, with what a URI says of the store, and the file's name."""
    path = bare(place)
    folder, _, file = path.rpartition("/")
    return Place(f"{folder or '/'}{place.path.removeprefix(path)}"), file
