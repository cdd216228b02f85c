"""Where items come from, in partitions: a data set in memory, Parquet files, or a Lance data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from pyarrow.fs import FileType

from commonspace.data import Dataset, Encoder
from commonspace.data.lance_file import is_lance
from commonspace.data.places import Place
from commonspace.data.readers.arrow import plain_column
from commonspace.data.readers.assemble import assemble
from commonspace.data.readers.media import Media, find_media, leading
from commonspace.data.readers.roles import MODALITIES, find_roles
from commonspace.data.readers.rows import Rows
from commonspace.errors import InputError

from .column_types import check_files, is_features, is_list, is_text
from .table_files import TableFiles, bare, folder_and_file, kind_of, pieces
from .typed_rows import assemble_typed, features_shape, with_absent
from .written_times import WrittenTimes


class Source(Protocol):
    """Items in partitions, which any process can read by their numbers.

    Attributes:
        name: What reports call the data set.
        protocol: What reports call the split and the rule of relevance.
        columns: Role -> column.
        identity: A digest of what the items are and how they are parted: of a data set by its content, of a table by
            its files' names, sizes and times, or its version. What files are named in it is not looked into.
        sizes: The number of rows of each partition.
        repeats: Whether an identifier may occur in two partitions.
        ordered: Whether all partitions name the columns of labels in the one order that counts.
        listed: The modalities of which an item may have several parts, whether or not one of a partition has.
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

    @property
    def listed(self) -> Sequence[str]: ...  # noqa: D102

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
    listed: Sequence[str] = ()  # all parts have the types of one table

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


class TableSource:
    """Parquet files or a Lance data set, parted by rows; a partition does not go over the end of a file.

    Columns play the roles that `commonspace.data.readers.read` tells, as the user says, else as the first rows suggest.
    They have the types that the table says, in every partition: texts stay texts, features stay features where no item
    has them, and how written dates are read is taken from the whole column.

    Args:
        place: The folder of the Parquet files, or the Lance data set.
        files: The Parquet files; none for Lance.
        columns: Role -> column.
        rows: Items in a partition.

    Raises:
        InputError: If there are no rows, no column is a modality, rows of one picture would have to be put together, or
            columns of two files are unlike.
        StorageError: If something cannot be read.
    """

    protocol, ordered = "custom", False

    def __init__(self, place: Place, files: Sequence[str], columns: Mapping[str, str | None], rows: int) -> None:
        self.place, self.name = place, Path(bare(place)).stem
        self._files = TableFiles.of(place, files)
        footers = list(self._files.footers())
        check_files(str(place), ((file, schema) for file, _, schema in footers))
        self._pieces = list(pieces({file: count for file, count, _ in footers}, rows))
        if not self._pieces:
            raise InputError(f"{place}: the table has no rows; expected a row for each item.")
        self.sizes = [piece.rows for piece in self._pieces]
        self._media: Media = find_media(Path(place.path), depth=-1 if place.remote else 1)
        fields = [field for _, _, schema in footers for field in schema if not pa.types.is_null(field.type)]
        types = {field.name: field.type for field in fields}
        self._shapes: dict[str, tuple[int, ...]] = {}
        first = self._rows(0, self._files.read(self._pieces[0]))
        self._shapes = self._features(first, [column for column, kind in types.items() if is_features(kind)], rows)
        first = replace(first, columns=with_absent(first.columns, self._shapes))
        self.columns = find_roles(first, columns, self._media)
        self._check_columns(footers)
        self.repeats = "id" in self.columns
        if not self.repeats and leading(self._media, self.columns) is not None:
            raise InputError(
                f"{place}: no column is an identifier; expected one, as rows of one picture may lie in several "
                "partitions. Name it: columns={'id': '...'}."
            )
        assemble(first, dict(self.columns), self._media)
        self.listed = tuple(m for m in MODALITIES if is_list(types.get(self.columns.get(m), pa.null())))
        self._texts = frozenset(column for column, kind in types.items() if is_text(kind))
        time = self.columns.get("time")
        self._times = WrittenTimes.of(self._files.column(time)) if time is not None and time in self._texts else None
        told = [str(place), [(p.file, p.start, p.rows) for p in self._pieces], sorted(self.columns.items())]
        self.identity = blake2b(repr([*told, self._files.stamps()]).encode(), digest_size=16).hexdigest()

    def read(self, number: int) -> Dataset:
        """A partition."""
        table = self._files.read(self._pieces[number])
        rows = self._rows(number, table)
        reading = assemble_typed(rows, self.columns, self._media, texts=self._texts, times=self._times)
        return reading.to_dataset(encoders={}, name=self.name)

    def _rows(self, number: int, table: pa.Table) -> Rows:
        piece = self._pieces[number]
        name = f"{self.place}/{piece.file}".rstrip("/")
        columns = {c: plain_column(f"{name}: {c}", table[c]) for c in table.column_names}
        ids = [str(piece.before + row) for row in range(piece.rows)]
        columns = with_absent(columns, self._shapes)
        return Rows(name, columns, lambda row: f"{piece.file or self.name} row {piece.start + row}", row_ids=ids)

    def _features(self, first: Rows, columns: Iterable[str], rows: int) -> dict[str, tuple[int, ...]]:
        """Column -> shape of an item's features. Of those of which the first rows have none, others are read."""
        shapes = {}
        for column in columns:
            later = (pa.chunked_array([chunk]) for chunk in self._files.column(column, rows))
            pieces = (plain_column(f"{self.place}: {column}", piece) for piece in later)
            shapes[column] = features_shape(chain([first.columns.get(column, [])], pieces))
        return {column: shape for column, shape in shapes.items() if shape is not None}

    def _check_columns(self, footers: Sequence[tuple[str, int, pa.Schema]]) -> None:
        """Raises where a file lacks a column that plays a role."""
        for file, _, schema in footers:
            for role, column in self.columns.items():
                if column not in schema.names:
                    raise InputError(
                        f"{self.place}/{file}: no column {column!r}, which is the {role} in other files; its columns "
                        f"are {', '.join(schema.names)}. Give each file the same columns."
                    )


def find_source(
    ray: Any, data: Dataset | str | Path, columns: Mapping[str, str | None] | None, rows: int
) -> Source | None:
    """The source for what the user gave; None for a path that holds neither Parquet nor Lance.

    Raises:
        InputError: If columns are given for a data set, or a URI is that of no table.
        StorageError: If something cannot be read.
    """
    if isinstance(data, Dataset):
        if columns:
            raise InputError("columns: they tell how to read a table, and a Dataset was given. Leave them out.")
        return DatasetSource(ray, data, rows)
    place = Place(data)
    if is_lance(bare(place)):
        return TableSource(place, (), columns or {}, rows)
    if kind_of(place) == FileType.File:
        folder, file = folder_and_file(place)
        files = [file] if _is_parquet(file) else []
    else:
        folder, names = place, place.names()
        encoded = names & {"dataset.json", "partitions.json"}  # its Parquet files are no table of a user's
        files = [] if encoded else sorted(name for name in names if _is_parquet(name))
    if not files and place.remote:
        raise InputError(
            f"{place}: no Parquet file, folder of Parquet files or Lance data set that is not yet encoded; only these "
            "are read by URI. Give the path of anything else."
        )
    return TableSource(folder, files, columns or {}, rows) if files else None


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


def _is_parquet(name: str) -> bool:
    return name.lower().endswith(".parquet")


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
