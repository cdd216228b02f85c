"""A question -> a vector of the space: encode, transform, and compose where it has several items."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.encoding import Encoder
from commonspace.errors import InputError, StorageError, UnknownNameError

from .checks import as_direction, is_text
from .composition import Weights, compose, weights_of
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
    def encoded(self) -> tuple[str, ...]:
        """The modalities with an encoder."""
        return tuple(dict.fromkeys((*self._manifest.encoders, *self._encoders)))

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

    def known_to(self, manifest: Manifest) -> dict[str, Encoder]:
        """The encoders that are loaded and made the stored vectors of another collection, too, or none there did."""
        records = manifest.encoders
        return {m: e for m, e in self._encoders.items() if m not in records or records[m].fingerprint == e.fingerprint}

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

    def embed(
        self, query: Mapping[str, Any], weights: Weights | None = None, time: object = None
    ) -> NDArray[np.float32]:
        """The vector of a question.

        Args:
            query: Modality -> a raw item, or a row of its view where there is no encoder; or several in a list.
            weights: Modality -> a number, or one per item.
            time: The instant to look from, for a space that uses time.

        Raises:
            InputError: If it is no such mapping, an item cannot be embedded, or the items cancel each other.
            ParameterError: If the weights do not fit the query.
            UnknownNameError: If the space or the query does not know a modality.
        """
        if not isinstance(query, Mapping) or not query:
            raise InputError(f"query: expected modality -> item, for example {{'text': 'a red bus'}}, got {query!r}.")
        space = self.space
        for modality in query:
            if modality not in space.modalities_:
                raise UnknownNameError("modality", str(modality), space.modalities_)
        items = {m: self._items(m, given) for m, given in query.items()}
        each = weights_of({m: len(of) for m, of in items.items()}, weights)  # before the work of encoding
        views = {m: [self._view(m, item) for item in of] for m, of in items.items()}
        if weights is None and len(each) == len(views) and (space.tags.joint or len(views) == 1):
            [embedding] = self._transform({m: rows[0] for m, rows in views.items()}, time).values()
            return as_direction("query", embedding[0], self._manifest.dim)
        # Item by item: in a batch, its neighbours would change the last digits of an embedding.
        embedded = {
            m: np.concatenate([z for row in rows for z in self._transform({m: row}, time).values()])
            for m, rows in views.items()
        }
        return compose(embedded, each)

    def _transform(self, views: dict[str, NDArray[np.float32]], time: object) -> dict[str, NDArray[np.float32]]:
        """What the space makes of views of one item; with the instant, if it uses time."""
        instant: Any = None if time is None or not self.space.tags.embeds_time else [time]
        return self.space.transform(views, time=instant)

    def _items(self, modality: str, given: Any) -> list[Any]:
        """The items of a modality: as in a `Dataset`, a list of items is several; without encoder, rows are."""
        if self._encoder(modality) is None:
            listed = isinstance(given, list | tuple) and (not given or any(not _is_number(entry) for entry in given))
            several = listed or (isinstance(given, np.ndarray) and given.ndim == 2)
        else:
            several = isinstance(given, list)
        if several and not len(given):
            raise InputError(f"query: {modality} has no item. Give one or more, or leave {modality} out.")
        return list(given) if several else [given]

    def _view(self, modality: str, item: Any) -> NDArray[np.float32]:
        if isinstance(item, str) and not is_text(item):
            raise InputError(f"query: {item!r} is no valid text: it holds half of a character (a lone surrogate).")
        encoder = self._encoder(modality)
        if encoder is not None:
            return encoder.encode([item])
        row = _as_row(item)
        if row is None:
            known = ", ".join(sorted({*self._encoders, *self._manifest.encoders})) or "none"
            raise InputError(
                f"query: there is no encoder for {modality!r}, so it takes one row of features, or a list of them, "
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


def _is_number(entry: Any) -> bool:
    """Whether it may be one number of a row, and not an item of a list."""
    return not isinstance(entry, str | list | tuple) and np.ndim(entry) == 0


def _as_row(item: object) -> NDArray[Any] | None:
    """A row of features, or None where it is none."""
    try:
        row = np.asarray(item) if isinstance(item, np.ndarray | list | tuple) else None
    except ValueError:  # a list of lists of unequal lengths
        return None
    return row if row is not None and row.dtype.kind in "fiu" and row.ndim == 1 else None
