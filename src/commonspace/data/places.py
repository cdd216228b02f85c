"""A folder of files wherever it is: on this machine, on a filesystem that several share, or in an object store."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs

from commonspace.errors import StorageError
from commonspace.files import replacing


class Place:
    """A folder by its path, or by a URI that pyarrow knows: `s3://bucket/encoded`, `gs://...`, `hdfs://...`.

    It can be sent to another process, which then sees the same files if it reaches the same storage.

    Args:
        path: The path or URI. A relative path is made absolute: it would point elsewhere on another machine.
    """

    def __init__(self, path: str | Path) -> None:
        text = str(path).removeprefix("file://")
        self.remote = "://" in text
        self.path = text.rstrip("/") if self.remote else str(Path(text).absolute())

    def __str__(self) -> str:
        return self.path

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)

    @cached_property
    def base(self) -> tuple[Any, str]:
        """The filesystem of pyarrow, and the folder's path on it.

        Raises:
            StorageError: If it is at no place that pyarrow knows.
        """
        if not self.remote:
            return fs.LocalFileSystem(), self.path
        try:
            filesystem, base = fs.FileSystem.from_uri(self.path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise StorageError(f"{self.path}: no place that can be read or written: {error}.") from error
        return filesystem, base

    def inside(self, name: str) -> Place:
        """A folder within this one."""
        before, mark, after = self.path.partition("?")  # what a URI says of the store stays at its end
        return Place(f"{before.rstrip('/')}/{name}{mark}{after}")

    def open(self, name: str) -> Any:
        """A file opened to be read here and there, as Parquet wants it.

        Raises:
            StorageError: If it is not there or cannot be read.
        """
        filesystem, base = self.base
        try:
            return filesystem.open_input_file(f"{base}/{name}")
        except OSError as error:
            raise StorageError(f"{self.path}/{name}: cannot be read: {error.strerror or error}.") from error

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            StorageError: If it is not there or cannot be read.
        """
        with self.open(name) as file:
            return bytes(file.read())

    def write(self, name: str, content: Any) -> None:
        """Writes a file, whole or not at all: an object store shows what was written when it is complete.

        Args:
            name: Of the file, with the folders that lead to it.
            content: Its bytes, or a pyarrow buffer.

        Raises:
            StorageError: If it cannot be written.
        """
        filesystem, base = self.base
        if not self.remote:
            with replacing(Path(base) / name) as temporary:
                temporary.write_bytes(memoryview(content))
            return
        try:
            with filesystem.open_output_stream(f"{base}/{name}") as stream:
                stream.write(content)
        except OSError as error:
            raise StorageError(f"{self.path}/{name}: cannot be written: {error.strerror or error}.") from error

    def names(self, *, folders: bool = False) -> set[str]:
        """The files that lie directly in the folder; none where there is no folder. Those half-written do not count.

        Args:
            folders: Name the folders in it, too.

        Raises:
            StorageError: If it cannot be read.
        """
        filesystem, base = self.base
        try:
            found = filesystem.get_file_info(fs.FileSelector(base, allow_not_found=True))
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be read: {error.strerror or error}.") from error
        kinds = (fs.FileType.File, fs.FileType.Directory) if folders else (fs.FileType.File,)
        names = {Path(entry.path).name for entry in found if entry.type in kinds}
        return {name for name in names if not name.startswith(".")}
