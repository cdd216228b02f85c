"""What a data set asks of an encoder and of a view cache, so that `data` need not know any; and their use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from commonspace.errors import InputError, UnreadableItemsError
from commonspace.progress import progress

from .digest import content_digest

CHUNK = 512
"""Items encoded between two writes to the cache: at most this much work is lost to a kill."""


class Encoder(Protocol):
    """Turns raw items of one kind into the rows of a view. Pretrained and frozen.

    Attributes:
        name: The registry's name, for example "efficientnet-lite0". The name alone rebuilds the encoder.
        kind: The kind of item it reads: "image", "text", "audio", "series", "tabular", or one of your own.
        dim: The length of a row.

    Examples:
        >>> from commonspace.data import Dataset
        >>> class Lengths:
        ...     name, kind, dim, fingerprint = "lengths", "text", 1, "lengths 1"
        ...     def encode(self, items):
        ...         return np.array([[len(text)] for text in items], np.float32)
        >>> Dataset({"text": ["a dog", "a red bus"]}, encoders={"text": Lengths()}).view("text")
        array([[5.],
               [9.]], dtype=float32)
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - described above, like the next two

    @property
    def kind(self) -> str: ...  # noqa: D102

    @property
    def dim(self) -> int: ...  # noqa: D102

    @property
    def fingerprint(self) -> str:
        """A digest of the weights and of the preprocessing: equal fingerprints give equal views."""
        ...

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes items.

        Args:
            items: n raw items: paths, bytes or pictures for "image", strings for "text", and so on.

        Returns:
            (n, dim) float32.

        Raises:
            UnreadableItemsError: If some items cannot be read; it carries the rows of the others.
        """
        ...


class ViewCache(Protocol):
    """Remembers rows of views by the content they were computed from.

    Examples:
        A cache that lasts as long as the process; `encoders.DiskViewCache` lasts longer.

        >>> from commonspace.data import Dataset
        >>> from commonspace.encoders import get_encoder
        >>> class Memory(dict):
        ...     def read(self, encoder, keys):
        ...         return {key: self[encoder.fingerprint, key] for key in keys if (encoder.fingerprint, key) in self}
        ...     def write(self, encoder, keys, rows):
        ...         self.update({(encoder.fingerprint, key): row for key, row in zip(keys, rows, strict=True)})
        >>> cache = Memory()
        >>> pictures = [np.zeros((8, 8, 3), np.uint8)] * 2
        >>> data = Dataset({"image": pictures}, encoders={"image": get_encoder("colours")}, cache=cache)
        >>> data.view("image").shape, len(cache)  # alike, they are encoded once
        ((2, 288), 1)
    """

    def read(self, encoder: Encoder, keys: Sequence[bytes]) -> Mapping[bytes, NDArray[np.float32]]:
        """The rows known for `encoder` among `keys`."""
        ...

    def write(self, encoder: Encoder, keys: Sequence[bytes], rows: NDArray[np.float32]) -> None:
        """Stores one row per key."""
        ...


def encode_items(
    encoder: Encoder,
    items: Sequence[object],
    *,
    cache: ViewCache | None = None,
    description: str = "encoding",
    unreadable: dict[int, str] | None = None,
) -> NDArray[np.float32]:
    """Encodes raw items, each distinct content once, with progress.

    Work goes in chunks, and each finished chunk is written to the cache: a second call, also after a kill,
    encodes only what is missing.

    Args:
        encoder: The encoder.
        items: n raw items.
        cache: Where finished rows are kept; None keeps none.
        description: What the progress bar says.
        unreadable: Takes the reason for each position whose item cannot be read; its row is NaN.

    Returns:
        (n, encoder.dim) float32.

    Raises:
        InputError: If an item cannot be read and no `unreadable` was given, or the encoder does not give one row of
            its length per item.
    """
    reasons: dict[bytes, str] | None = None if unreadable is None else {}
    keys = [_digest(item, encoder.kind, reasons) for item in items]
    distinct: dict[bytes, object] = {}
    for key, item in zip(keys, items, strict=True):
        if key not in (reasons or ()):
            distinct.setdefault(key, item)
    known = dict(cache.read(encoder, list(distinct))) if cache is not None else {}
    missing = [key for key in distinct if key not in known]
    with progress(description, len(missing)) as advance:
        for start in range(0, len(missing), CHUNK):
            chunk = missing[start : start + CHUNK]
            broken: Mapping[int, str] = {}
            try:
                rows = encoder.encode([distinct[key] for key in chunk])
            except UnreadableItemsError as error:
                if reasons is None:
                    raise
                rows, broken = error.rows, error.reasons
                reasons.update((chunk[i], reason) for i, reason in broken.items())
            if rows.shape != (len(chunk), encoder.dim):
                raise InputError(
                    f"encoder {encoder.name}: expected to return {(len(chunk), encoder.dim)}, got {rows.shape}."
                )
            good = [i for i in range(len(chunk)) if i not in broken]
            if cache is not None and good:
                cache.write(encoder, [chunk[i] for i in good], rows[good])
            known.update((chunk[i], rows[i]) for i in good)
            advance(len(chunk))
    out = np.full((len(keys), encoder.dim), np.nan, np.float32)
    equal: dict[int, object] = {}
    for i, key in enumerate(keys):
        if key in known:
            out[i] = known[key]
        elif unreadable is not None and reasons is not None:
            unreadable[i] = reasons[key]
            if isinstance(items[i], str | Path) and key in distinct and distinct[key] != items[i]:
                equal[i] = items[i]
    if unreadable is not None:
        unreadable.update(_own_reasons(encoder, equal))
    return out


def _own_reasons(encoder: Encoder, items: Mapping[int, object]) -> Iterator[tuple[int, str]]:
    """Why files cannot be read that hold the same as one that could not: each reason is to name its own file."""
    positions = list(items)
    for start in range(0, len(positions), CHUNK):
        chunk = positions[start : start + CHUNK]
        try:
            encoder.encode([items[position] for position in chunk])
        except UnreadableItemsError as error:
            yield from ((chunk[i], reason) for i, reason in error.reasons.items())


def _digest(item: object, kind: str, reasons: dict[bytes, str] | None) -> bytes:
    """The content's digest; that of the item's name, with the reason noted, where there is no content to be had."""
    try:
        return content_digest(item, kind)
    except InputError as error:
        if reasons is None:
            raise
        key = b"unreadable " + str(item).encode("utf-8", "backslashreplace")
        reasons[key] = str(error)
        return key


def encode_parts(
    encoder: Encoder,
    items: Sequence[object],
    *,
    cache: ViewCache | None = None,
    description: str = "encoding",
    unreadable: dict[int, str] | None = None,
) -> NDArray[np.float32]:
    """Encodes one modality of a data set, whose items may be absent or have several parts.

    Args:
        encoder: The encoder.
        items: n entries: a raw item, a list of raw items (its parts), or None where the modality is absent.
        cache: As in `encode_items`.
        description: As in `encode_items`.
        unreadable: Takes the reason for each item of which a part cannot be read; that part is NaN.

    Returns:
        (n, dim) where no entry is a list, else (n, r, dim) with r the largest number of parts. Absent rows are NaN.
    """
    several = any(isinstance(item, list) for item in items)
    parts = [item if isinstance(item, list) else [] if item is None else [item] for item in items]
    flat = [(row, slot, part) for row, entry in enumerate(parts) for slot, part in enumerate(entry) if part is not None]
    broken: dict[int, str] | None = None if unreadable is None else {}
    rows = encode_items(encoder, [part for _, _, part in flat], cache=cache, description=description, unreadable=broken)
    if unreadable is not None and broken:
        unreadable.update((flat[i][0], reason) for i, reason in broken.items())
    width = max((len(entry) for entry in parts), default=1) or 1
    out = np.full((len(parts), width, encoder.dim), np.nan, np.float32)
    out[[row for row, _, _ in flat], [slot for _, slot, _ in flat]] = rows
    return out if several else out[:, 0]


def encode_column(
    encoder: Encoder, column: pa.ChunkedArray, modality: str, *, cache: ViewCache | None, strict: bool
) -> tuple[NDArray[np.float32], dict[int, str]]:
    """Encodes a column of raw items; see `encode_parts`.

    Args:
        encoder: The encoder.
        column: Items, or lists of them.
        modality: Of the items.
        cache: As in `encode_items`.
        strict: Whether an item that cannot be read is an error.

    Returns:
        The view, and row -> why an item of which a part cannot be read.

    Raises:
        InputError: If `strict`, and an item cannot be read.
    """
    items = column.to_pylist()
    if pa.types.is_list(column.type):  # also where all that have parts were taken away
        items = [parts or [] for parts in items]
    unreadable = dict[int, str]()
    view = encode_parts(
        encoder,
        items,
        cache=cache,
        description=f"encoding {modality}",
        unreadable=None if strict else unreadable,
    )
    return view, unreadable
