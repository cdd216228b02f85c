"""Rows of views on disk, found again by the content they were computed from."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.data.encoding import Encoder
from commonspace.errors import StorageError
from commonspace.files import cache_directory, replacing

DIGEST = 16

_logger = logging.getLogger("commonspace")


class DiskViewCache:
    """A folder per encoder fingerprint; every write adds one Arrow file of keys and rows, whole or not at all.

    Args:
        root: Where the folders lie. Default: `views` in the cache directory.

    Example:
        ```python
        from commonspace.data import Dataset

        cache = DiskViewCache(Path("rows"))
        data = Dataset({"image": ["dog.jpg", "bus.jpg"]}, encoders=encoders, cache=cache)
        data.view("image").shape  # (2, 288); a second data set with these pictures encodes nothing
        ```
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root if root is not None else cache_directory() / "views"

    def read(self, encoder: Encoder, keys: Sequence[bytes]) -> Mapping[bytes, NDArray[np.float32]]:
        """The rows known for `encoder` among `keys`."""
        wanted = set(keys)
        known: dict[bytes, NDArray[np.float32]] = {}
        for file in sorted(self._folder(encoder).glob("*.arrow")):
            try:
                with pa.memory_map(str(file)) as source:
                    table = pa.ipc.open_file(source).read_all()
                stored = table["key"].to_pylist()
                rows = table["row"].combine_chunks().flatten().to_numpy().reshape(len(stored), encoder.dim)
            except (OSError, pa.ArrowException, KeyError, ValueError) as error:
                _logger.warning("%s is damaged (%s); its rows are computed again", file, error)
                file.unlink(missing_ok=True)
                continue
            known |= {key: rows[i] for i, key in enumerate(stored) if key in wanted}
        return known

    def write(self, encoder: Encoder, keys: Sequence[bytes], rows: NDArray[np.float32]) -> None:
        """Stores one row per key; where the cache directory cannot be written, says so and goes on without."""
        try:
            self._write(encoder, keys, rows)
        except StorageError as error:
            _logger.warning("encoded rows are not kept: %s", error)

    def _write(self, encoder: Encoder, keys: Sequence[bytes], rows: NDArray[np.float32]) -> None:
        row = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(rows).reshape(-1)), encoder.dim)
        table = pa.table({"key": pa.array(keys, pa.binary(DIGEST)), "row": row})
        name = blake2b(b"".join(keys), digest_size=DIGEST).hexdigest()
        with (
            replacing(self._folder(encoder) / f"{name}.arrow") as file,
            pa.OSFile(str(file), "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)

    def _folder(self, encoder: Encoder) -> Path:
        return self._root / f"{encoder.name}-{encoder.fingerprint}"
