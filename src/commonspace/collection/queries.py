"""A question in one modality -> a vector of the space: encode, then transform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.encoding import Encoder
from commonspace.errors import InputError, StorageError, UnknownNameError

from .checks import is_text
from .manifest import Manifest, space_folder

if TYPE_CHECKING:
    from commonspace.spaces import Space


class QueryEmbedder:
    """The space of a collection and the encoders in front of it, each loaded when first needed.

    Args:
        folder: The collection's folder.
        manifest: What collection.json says.
        encoders: Encoders the user gave; the others are rebuilt from their registry names.

    Raises:
        StorageError: If a given encoder is not the one that the stored vectors came from.
    """

    def __init__(self, folder: Path, manifest: Manifest, encoders: Mapping[str, Encoder] | None = None) -> None:
        self._folder, self._manifest = folder, manifest
        self._encoders = dict(encoders or {})
        self._space: Space | None = None
        self.check_encoders(self._encoders)

    @property
    def space(self) -> Space:
        """The collection's copy of its space.

        Raises:
            InputError: If the collection has no space.
            StorageError: If the copy is missing, damaged, or not the space that made the stored vectors.
        """
        if self._space is None:
            if self._manifest.space is None:
                raise InputError(
                    f"the collection {self._folder} has no space: "
                    "add vectors with add_vectors, search with search(vector=...)."
                )
            from commonspace.spaces import load_space

            folder = self._folder / space_folder(self._manifest.generation)
            space = load_space(folder)
            if space.fingerprint != self._manifest.space:
                raise StorageError(
                    f"{folder} is not the space that made the stored vectors: its fingerprint is "
                    f"{space.fingerprint}, theirs {self._manifest.space}. It was edited or exchanged: restore it, or "
                    "create the collection again."
                )
            self._space = space
        return self._space

    def check_space(self, space: Space) -> None:
        """Compares a space with the collection's own.

        Raises:
            StorageError: If it embeds differently.
        """
        if space.fingerprint != self.space.fingerprint:
            raise StorageError(
                f"{self._folder}: the stored vectors were made by another {type(self.space).__name__} than this "
                f"{type(space).__name__}. Use a new folder, or create this collection again with overwrite=True."
            )

    def check_encoders(self, encoders: Mapping[str, Encoder]) -> None:
        """Compares encoders with those whose rows the space was given, where these are known.

        Raises:
            StorageError: If one gives other rows.
        """
        for modality, encoder in encoders.items():
            record = self._manifest.encoders.get(modality)
            if record is not None and encoder.fingerprint != record.fingerprint:
                raise StorageError(
                    f"{self._folder}: the stored vectors of {modality!r} were made by another encoder ({record.name}, "
                    f"fingerprint {record.fingerprint[:12]}) than this one ({encoder.name}, "
                    f"{encoder.fingerprint[:12]}), and cannot be compared with its. Encode with {record.name}; or fit "
                    "a space on what the new encoder gives and index everything again, in a new collection."
                )

    def embed(self, query: Mapping[str, Any], time: object = None) -> NDArray[np.float32]:
        """The vector of a question.

        Args:
            query: Exactly one modality -> a raw item, or a row of its view where there is no encoder.
            time: The instant to look from, for a space that uses time.

        Raises:
            InputError: If there is not exactly one modality, or the item cannot be embedded.
            UnknownNameError: If the space does not know the modality.
        """
        if not isinstance(query, Mapping) or len(query) != 1:
            raise InputError(
                f"query: expected one modality at a time for now, for example {{'text': 'a red bus'}}, got {query!r}."
            )
        [(modality, item)] = query.items()
        space = self.space
        if modality not in space.modalities_:
            raise UnknownNameError("modality", str(modality), space.modalities_)
        if space.tags.uses_time and time is None:
            raise InputError(
                f"time: the space {type(space).__name__} is conditioned on time; pass search(..., time=...)."
            )
        instant = {"time": np.asarray([time])} if space.tags.uses_time else {}
        embedded = space.transform({modality: self._view(modality, item)}, **instant)
        return as_direction("query", embedded["joint" if space.tags.joint else modality][0], self._manifest.dim)

    def _view(self, modality: str, item: Any) -> NDArray[np.float32]:
        if isinstance(item, str) and not is_text(item):
            raise InputError(f"query: {item!r} is no valid text: it holds half of a character (a lone surrogate).")
        encoder = self._encoder(modality)
        if encoder is not None:
            return encoder.encode([item])
        row = np.asarray(item) if isinstance(item, np.ndarray | list | tuple) else None
        if row is None or row.dtype.kind not in "fiu" or row.ndim != 1:
            known = ", ".join(sorted({*self._encoders, *self._manifest.encoders})) or "none"
            raise InputError(
                f"query: there is no encoder for {modality!r}, so it takes one row of features, "
                f"got {type(item).__name__}. "
                f"Modalities with an encoder: {known}."
            )
        return row[None].astype(np.float32)

    def _encoder(self, modality: str) -> Encoder | None:
        if modality not in self._encoders and modality in self._manifest.encoders:
            from commonspace.encoders import get_encoder

            encoder = get_encoder(self._manifest.encoders[modality].name, kind=modality)
            self.check_encoders({modality: encoder})
            self._encoders[modality] = encoder
        return self._encoders.get(modality)


def as_direction(name: str, values: object, dim: int) -> NDArray[np.float32]:
    """A vector of unit length, after looking at it.

    Raises:
        InputError: If it is not a row of `dim` finite numbers that has a direction.
    """
    try:
        row: NDArray[np.float64] = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected a vector of {dim} numbers ({error}).") from error
    if row.shape != (dim,):
        raise InputError(f"{name}: the collection holds vectors of dimension {dim}, got shape {row.shape}.")
    largest = np.abs(row).max()
    if not np.isfinite(largest) or largest == 0:
        raise InputError(f"{name}: the vector is zero, NaN or infinite and has no direction.")
    row = row / largest  # so that the length neither overflows nor vanishes
    return np.asarray(row / np.linalg.norm(row), np.float32)
