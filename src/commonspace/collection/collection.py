"""The collection: create, open, add, search, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.data.encoding import Encoder
from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError

from .checks import as_direction, check_dim, is_text, whole_number
from .claim import claimed
from .columns import KEY
from .composition import Weights
from .dataset_rows import dataset_batches, stored_modalities
from .entries import Content, as_entries, check_ids
from .filters import Where, compile_filter
from .hits import Hit, as_hits
from .instants import AsOf
from .manifest import EncoderRecord, Manifest, space_folder, table_name
from .metadata import Metadata, typed_columns
from .queries import QueryEmbedder
from .reranking import Rerank, reranked
from .sql import both, one_of
from .stored import Stored
from .table import VectorTable

if TYPE_CHECKING:
    from commonspace.data import Dataset
    from commonspace.spaces import Space

Vector = NDArray[np.float32]


class Collection(Stored):
    """Stored embeddings with their metadata, searchable.

    A folder: a LanceDB table of vectors, a copy of the space that made them, and the fingerprints of the encoders
    before it. One row is one part of one item in one modality; adding a row again replaces it. Several processes may
    read at once while one writes; a second writer waits for the first.

    Make one with `Collection.create`, open one with `Collection.open`.

    Example:
        >>> collection = Collection.create("store", space, encoders=data.encoders)  # doctest: +SKIP
        >>> collection.add(data)  # doctest: +SKIP
        >>> collection.search({"text": "a red bus"}, to="image", where={"year": {"lt": 1950}})  # doctest: +SKIP
        >>> collection.search({"image": "bus.jpg", "text": "in winter"}, weights={"text": 0.5})  # doctest: +SKIP
    """

    @classmethod
    def create(
        cls,
        path: str | Path,
        space: Space | None = None,
        *,
        dim: int | None = None,
        encoders: Mapping[str, Encoder] | None = None,
        overwrite: bool = False,
    ) -> Self:
        """Makes an empty collection.

        Args:
            path: A folder that is empty or does not exist.
            space: A fitted space, of which a copy is kept. Without one the collection takes and finds bare vectors.
            dim: The length of a vector, where there is no space.
            encoders: Modality -> the encoder whose rows the space was fitted on; their names and fingerprints are kept.
            overwrite: Replace a collection that is there, once the new one is whole: if `create` fails, the old one is
                as it was. A folder with other things is left alone all the same.

        Raises:
            ParameterError: If neither or both of space and dim are given, or the space is not fitted.
            StorageError: If the folder holds something, cannot be written, or another process is writing to it.
        """
        dim = check_dim(space, dim)
        if space is None and encoders:
            raise ParameterError("encoders: they stand before a space and there is none. Give the space too.")
        folder = Path(path)
        known = {m: e for m, e in (encoders or {}).items() if space is not None and m in space.modalities_}
        records = {m: EncoderRecord(e.name, e.fingerprint) for m, e in known.items()}
        fingerprint = None if space is None else space.fingerprint
        with claimed(folder, overwrite=overwrite) as generation:
            manifest = Manifest(dim, fingerprint, records, generation)
            table = VectorTable(folder, table_name(generation), dim)
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

    def embed(self, query: Mapping[str, Any], *, weights: Weights | None = None, at: object = None) -> Vector:
        """The vector that `search` looks with.

        Args:
            query: As in `search`.
            weights: As in `search`.
            at: The instant to look from, for a space that uses time.

        Returns:
            (dim,) of unit length.

        Raises:
            InputError: If the query is not as described, or its items cancel each other.
            ParameterError: If the weights do not fit the query.
            UnknownNameError: If a modality does not exist.
        """
        as_of = AsOf.of(at, None, None)
        return self._embedder.embed(query, weights, None if as_of is None else as_of.given)

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
            content: n texts or paths to show, or lists of them, one per part.

        Raises:
            InputError: If something is not as described, or a key occurs twice.
            StorageError: If the collection cannot be written, or another process is writing.
        """
        columns = typed_columns(metadata, len(ids))
        entries = as_entries(ids, X, dim=self.dim, modality=modality, parts=parts, content=content, metadata=columns)
        entries.check()
        self._writer.put_rows(entries)

    def search(
        self,
        query: Mapping[str, Any] | None = None,
        *,
        weights: Weights | None = None,
        vector: ArrayLike | None = None,
        to: str | None = None,
        k: int = 10,
        where: Where | None = None,
        at: object = None,
        within: float | None = None,
        decay: float | None = None,
        rerank: Rerank | None = None,
        candidates: int = 50,
    ) -> list[Hit]:
        r"""Finds the stored rows nearest to a question, by cosine.

        The search is exact until an index was built.

        A query of several items is $q = s / \lVert s \rVert$ with $s = \sum_i w_i z_i / \lVert z_i \rVert$, $z_i$ the
        embedding of item i alone. A joint space joins one item of each modality itself, unless weights are given.

        Args:
            query: Modality -> a raw item, for example `{"text": "a red bus"}`; or a row of features, for a modality
                without an encoder. Several modalities, and a list of several items or rows of one, ask for all of it
                together: `{"image": "dog.jpg", "text": "in winter"}`.
            weights: Modality -> how much it counts, for example `{"text": 0.5}`; one number per item where it has
                several. Below 0 it is pushed away: `{"text": [1, -1]}`. Default: 1 each.
            vector: A vector of the space, instead of `query`.
            to: The modality to look in. Default: all.
            k: How many to return; more than there are gives all.
            where: Conditions on the metadata, which hold for every hit; see `commonspace.collection.filters`. Rows that
                do not pass are left out before the search, so there are k hits wherever k rows pass.
            at: The instant to look from: a date, an ISO text or a number, as the times of the items are. A space that
                uses time embeds the query there.
            within: Only items at most so far from `at`, in days or in the unit of the numbers.
            decay: Items nearer to `at` first: a score s becomes s exp(-d / decay) at a distance of d, or one
                below 0 s exp(d / decay).
            rerank: Scores the best hits anew, given the query, or {} of a vector, and these hits; the hits then have
                its scores. See `commonspace.reasoning.Reranker`.
            candidates: How many hits are scored anew; where that is below k, k.

        Returns:
            Up to k hits, the best first; equal scores in the order of id and part.

        Raises:
            ParameterError: If k is below 1, weights are not finite, not one per item, all zero, or without a query, or
                `within` or `decay` is not above 0 or without `at`, or `at` would change nothing.
            InputError: If not exactly one of query and vector is given, or it or `where` is not as described, or the
                items of the query cancel each other.
            UnknownNameError: If a modality or a field does not exist.
        """
        if rerank is not None:
            wide = max(whole_number("k", k), whole_number("candidates", candidates))
            found = self.search(
                query, weights=weights, vector=vector, to=to, k=wide, where=where, at=at, within=within, decay=decay
            )
            return reranked(rerank, query, found, k)
        if (query is None) == (vector is None):
            raise InputError("search: give either a query, for example {'text': 'a red bus'}, or vector=.")
        if vector is not None and weights is not None:
            raise ParameterError("weights: they weigh the items of a query, and a vector was given. Leave them out.")
        if to is not None and not is_text(to):
            raise InputError(f"to: expected the name of a modality, for example 'image', or None, got {to!r}.")
        k = min(whole_number("k", k), max(1, len(self)))
        as_of = AsOf.of(at, within, decay)
        condition = None if where is None else compile_filter(where, self._table.fields)
        if as_of is not None and within is None and decay is None and (query is None or not self._uses_time):
            raise ParameterError("at: no space embeds the query there; pass within= or decay= too.")
        if as_of is not None and not (within is None and decay is None):
            condition = both(condition, compile_filter(as_of.condition(self._table.fields), self._table.fields))
        if query is not None:
            direction = self._embedder.embed(query, weights, None if as_of is None else as_of.given)
        else:
            direction = as_direction("vector", vector, self.dim)
        condition = both(None if to is None else one_of("modality", [to]), condition)

        def nearest(count: int) -> list[Hit]:
            return as_hits(self._table.search(direction, count, condition), count)

        hits = nearest(k) if as_of is None or decay is None else as_of.nearest_first(nearest, k, decay)
        if to is not None and not hits and not self._table.has(to):
            raise UnknownNameError("modality", to, self.modalities)
        return hits

    @property
    def _uses_time(self) -> bool:
        return self._manifest.space is not None and self._embedder.space.tags.embeds_time

    def delete(self, ids: Sequence[str] | NDArray[np.str_]) -> int:
        """Removes items: every modality and part of the ids. Ids that are not there are ignored.

        Returns:
            The number of rows removed.
        """
        return self._writer.delete(check_ids(ids))

    def build_index(self) -> None:
        """Makes searches of large collections fast, at a recall just below 1.

        Below 5,000 rows nothing is indexed and searches stay exact. Rows added later are found too, by looking at each
        of them; build again after adding many.
        """
        self._writer.build_index()

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
