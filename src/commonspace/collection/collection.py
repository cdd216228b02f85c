"""The collection: create, open, add, search, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.data.encoding import Encoder
from commonspace.errors import InputError, ParameterError, StorageError

from .checks import as_directions, check_dim
from .claim import claimed
from .columns import KEY, STORED_KINDS
from .dataset_rows import dataset_batches, kind_of, stored_modalities
from .entries import Content, as_entries, check_ids
from .index import KEEP, IndexReport, check_index
from .manifest import EncoderRecord, Manifest, space_folder, stamp, table_name
from .metadata import Metadata, typed_columns
from .queries import QueryEmbedder
from .searching import Searching
from .table import VectorTable

if TYPE_CHECKING:
    from commonspace.data import Dataset
    from commonspace.spaces import Space


class Collection(Searching):
    """Stored embeddings with their metadata, searchable.

    A folder: a Lance table of vectors, a copy of the space that made them, and the fingerprints of the encoders
    before it. One row is one part of one item in one modality; adding a row again replaces it. Several processes may
    read at once while one writes; a second writer waits for the first.

    Make one with `Collection.create`, open one with `Collection.open`.

    Example:
        ```python
        collection = Collection.create("store", space, encoders=data.encoders)
        collection.add(data)
        collection.search({"text": "a red bus"}, to="image", where={"time": {"lt": 1950}})
        collection.search({"image": "bus.jpg", "text": "in winter"}, weights={"text": 0.5})
        ```
    """

    @classmethod
    def create(
        cls,
        path: str | Path,
        space: Space | None = None,
        *,
        dim: int | None = None,
        encoders: Mapping[str, Encoder] | None = None,
        storage: str = "float32",
        overwrite: bool = False,
    ) -> Self:
        """Makes an empty collection.

        Args:
            path: A folder that is empty or does not exist.
            space: A fitted space, of which a copy is kept. Without one the collection takes and finds bare vectors.
            dim: The length of a vector, where there is no space.
            encoders: Modality -> the encoder whose rows the space was fitted on; their names and fingerprints are kept.
            storage: How vectors are kept: "float32" as they are, or "float16" at unit length, in half the space, with
                cosines that are off by some 1e-4; an index over these is built much more slowly on most processors.
            overwrite: Replace a collection that is there, once the new one is whole: if `create` fails, the old one is
                as it was. A folder with other things is left alone all the same.

        Raises:
            ParameterError: If neither or both of space and dim are given, the space is not fitted, or there is no such
                storage.
            StorageError: If the folder holds something, cannot be written, or another process is writing to it.
        """
        dim = check_dim(space, dim)
        if storage not in STORED_KINDS:
            raise ParameterError(f"storage: expected one of {', '.join(map(repr, STORED_KINDS))}, got {storage!r}.")
        if space is None and encoders:
            raise ParameterError("encoders: they stand before a space and there is none. Give the space too.")
        folder = Path(path)
        known = {m: e for m, e in (encoders or {}).items() if space is not None and m in space.modalities_}
        records = {m: EncoderRecord(e.name, e.fingerprint) for m, e in known.items()}
        fingerprint = None if space is None else space.fingerprint
        with claimed(folder, overwrite=overwrite) as generation:
            manifest = Manifest(dim, fingerprint, records, generation, {m: kind_of(m, known) for m in known})
            table = VectorTable(folder, table_name(generation), dim, STORED_KINDS[storage])
            if space is not None:
                space.save(folder / space_folder(generation))
            manifest.write(folder)
        return cls(folder, manifest, table, QueryEmbedder(folder, manifest, known))

    @classmethod
    def open(
        cls, path: str | Path, *, space: Space | None = None, encoders: Mapping[str, Encoder] | None = None
    ) -> Self:
        """Opens a collection.

        Args:
            path: Its folder.
            space: The space the caller believes it was made with; another is refused. Default: no such check.
            encoders: Modality -> encoder. Default: rebuilt from their names, at the first search that needs them.

        Raises:
            StorageError: If the folder holds no collection, or a damaged one, or the space or an encoder is not the
                one that made the stored vectors.
        """
        folder = Path(path)
        manifest = Manifest.read(folder)
        copy = folder / space_folder(manifest.generation)
        if manifest.space is not None and not copy.is_dir():
            raise StorageError(f"{folder} has lost its space: {copy} is missing. Restore it, or create it again.")
        embedder = QueryEmbedder(folder, manifest, encoders)
        if space is not None:
            embedder.check_space(space)
        return cls(folder, manifest, VectorTable(folder, table_name(manifest.generation)), embedder)

    def refreshed(self) -> Self:
        """This collection; or, where another was created in its folder since it was opened, that one.

        Encoders are kept as far as the vectors that are now stored came from them.

        Raises:
            StorageError: If the folder holds no whole collection at the moment.

        Example:
            ```python
            collection = Collection.create("items", dim=2)
            Collection.create("items", dim=3, overwrite=True)  # by another process, say
            assert collection.refreshed().dim == 3
            ```
        """
        if stamp(self.path) == self._stamp:
            return self
        known = self._embedder.known_to(Manifest.read(self.path))
        return type(self).open(self.path, encoders=known)

    def add(self, dataset: Dataset) -> None:
        """Embeds a data set with the space and stores each part of each item, with its metadata, label and time.

        Items that are stored already are replaced whole: of what the space gives, nothing stays that the data set does
        not have, be it a caption or all pictures. Modalities that the space does not know are left out. Paths of
        pictures are stored as absolute ones.

        Work goes in batches, each stored whole or not at all; if one fails, those before it stay stored. Adding again,
        after a kill too, gives what one undisturbed addition would have given.

        Raises:
            InputError: If the collection has no space, or the data cannot be embedded or stored.
            StorageError: If the data set has another encoder than the stored vectors, or another process is writing.
        """
        space = self._embedder.space
        self._embedder.check_encoders(getattr(dataset, "encoders", {}))
        batches = dataset_batches(dataset, space, self.dim)  # encodes, which may take long: before the lock
        self._writer.put_items(batches, stored_modalities(space), len(dataset))

    def add_vectors(
        self,
        ids: Sequence[str] | NDArray[np.str_],
        X: ArrayLike,
        *,
        modality: str,
        metadata: Metadata | None = None,
        parts: ArrayLike | None = None,
        content: Content | None = None,
    ) -> None:
        """Stores vectors as they are.

        A row whose id, modality and part are stored already is replaced, row by row: other parts and modalities of
        the item stay. Everything is checked before anything is written.

        Args:
            ids: n identifiers.
            X: (n, d), or (n, r, d) where items have parts; a row of NaN is an absent part.
            modality: What they are.
            metadata: Field -> n values, or a table of n rows. Types are learnt from the first values; a new field may
                come later, and one that holds nothing but None is not stored.
            parts: (n,) part numbers for (n, d) vectors. Default: 0.
            content: n texts or paths to show, or lists of them, one per part. Of the modality "joint" a `Path` is a
                path, and a string is a text.

        Raises:
            InputError: If something is not as described, or a key occurs twice.
            StorageError: If the collection cannot be written, or another process is writing.
        """
        columns = typed_columns(metadata, len(ids))
        entries = as_entries(ids, X, dim=self.dim, modality=modality, parts=parts, content=content, metadata=columns)
        entries.check()
        self._writer.put_rows(entries)

    def delete(self, ids: Sequence[str] | NDArray[np.str_]) -> int:
        """Removes items: every modality and part of the ids. Ids that are not there are ignored.

        Returns:
            The number of rows removed.
        """
        return self._writer.delete(check_ids(ids))

    def build_index(self, recall: float = 0.99, *, codes: str = "sq", queries: ArrayLike | None = None) -> IndexReport:
        """Makes searches of large collections fast, at a recall that is measured.

        Below 5,000 rows nothing is indexed and searches stay exact. From there on the vectors are divided into as many
        parts as there are rows in each. How many parts a search looks at, and how many candidates it compares by their
        stored vectors, are the least that reach the recall: chosen by some stored vectors that ask, and checked by
        others, for searches of everything and of each modality, for up to 10 and up to 100 hits. A search under
        conditions, or for more hits, looks at every part.

        Rows added later are found too, by looking at each of them, until `optimize` puts them into the index.

        Args:
            recall: Of the hits of an exact search, the share that has to be found.
            codes: How the index holds vectors, beside those that are stored: "sq", a byte for each number, or "pq", an
                eighth of that, built and searched more slowly.
            queries: (n, d) vectors as they will be asked, a hundred or more, where these are unlike those stored, such
                as words that ask a collection of pictures alone. Default: some of the stored ones.

        Returns:
            What was built and measured. Where the recall was not reached it says so, and so does the log.

        Raises:
            ParameterError: If recall is not above 0 and below 1, or codes is neither.
            InputError: If there is no query, or one has no direction or another dimension.
            StorageError: If the collection cannot be written, or another process is writing.
        """
        check_index(recall, codes)
        asked = None if queries is None else as_directions("queries", queries, self.dim)
        if asked is not None and not len(asked):
            raise InputError("queries: expected vectors that ask, a hundred or more, got none. Leave queries out.")
        return self._writer.build_index(float(recall), codes, asked)

    def optimize(self, *, keep: timedelta = KEEP) -> IndexReport:
        """Tidies up after many changes: merges small files, puts new rows into the index, removes old versions.

        The index is not built anew; whether it still reaches its recall is measured, and it is searched harder where
        it does not. After many changes of another kind than what was there, `build_index` makes a better one.

        Args:
            keep: How old a version has to be to be removed. A search that began so long ago fails.

        Returns:
            What the index is now.

        Raises:
            ParameterError: If keep is no `timedelta` of 0 or more.
            StorageError: If the collection cannot be written, or another process is writing.
        """
        if not isinstance(keep, timedelta) or keep < timedelta(0):
            raise ParameterError(f"keep: expected a datetime.timedelta of 0 or more, got {keep!r}.")
        return self._writer.optimize(keep)

    def lend(self) -> AbstractContextManager[VectorTable]:
        """The table, for one who writes to it directly during a `with` block, as many machines do; see `scale.index`.

        Raises:
            StorageError: If the collection cannot be written, or another process is writing.
        """
        return self._writer.lent()

    def build_map(self, method: str = "umap", *, random_state: int = 0) -> None:
        """Draws all rows as points in a plane and keeps where they are, for the page.

        Rows that are added later are not on it; build again.

        Args:
            method: "umap", which keeps neighbours together and needs the extra `map`, or "pca".
            random_state: The same gives the same map, on one machine.

        Raises:
            InputError: If there are fewer than three rows.
            UnknownNameError: If there is no such method.
            MissingPackageError: If umap-learn is not installed.
            StorageError: If the collection cannot be written, or another process is writing.
        """
        from .map import make_map

        made = make_map(self.rows(fields=KEY, vectors=True), method, random_state)  # may take long: before the lock
        self._writer.write_map(made)
