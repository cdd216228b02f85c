"""Asking a collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError, ParameterError, UnknownNameError

from .checks import as_direction, as_directions, is_text, whole_number
from .composition import Weights
from .effort import Effort
from .filters import Where, compile_filter
from .hits import Hit, as_hits
from .instants import AsOf
from .reranking import Rerank, reranked
from .sql import both
from .stored import Stored

Vector = NDArray[np.float32]


class Searching(Stored):
    """The searches of a collection; see `Collection`."""

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

        The search is exact until an index was built; from then on see `build_index`.

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
        k, condition = self._scope(to, k, where)
        as_of = AsOf.of(at, within, decay)
        if as_of is not None and within is None and decay is None and (query is None or not self.embeds_time):
            raise ParameterError("at: no space embeds the query there; pass within= or decay= too.")
        if as_of is not None and not (within is None and decay is None):
            condition = both(condition, compile_filter(as_of.condition(self._table.fields), self._table.fields))
        if query is not None:
            direction = self._embedder.embed(query, weights, None if as_of is None else as_of.given)
        else:
            direction = as_direction("vector", vector, self.dim)

        def nearest(count: int) -> list[Hit]:
            return self._nearest(direction[None], to, count, condition)[0]

        hits = nearest(k) if as_of is None or decay is None else as_of.nearest_first(nearest, k, decay)
        if not hits:
            self._check_modality(to)
        return hits

    def search_many(
        self,
        queries: Sequence[Mapping[str, Any]] | None = None,
        *,
        vectors: ArrayLike | None = None,
        to: str | None = None,
        k: int = 10,
        where: Where | None = None,
    ) -> list[list[Hit]]:
        """Finds for each of several questions what `search` finds, in less time: what is stored is read once for many.

        Args:
            queries: Questions, each as in `search`.
            vectors: (m, d) vectors of the space, instead of `queries`.
            to: As in `search`.
            k: As in `search`.
            where: As in `search`.

        Returns:
            For each question its hits.

        Raises:
            ParameterError: If k is below 1.
            InputError: If not exactly one of queries and vectors is given, or one or `where` is not as described.
            UnknownNameError: If a modality or a field does not exist.
        """
        if (queries is None) == (vectors is None):
            raise InputError("search_many: give either queries, for example [{'text': 'a red bus'}], or vectors=.")
        k, condition = self._scope(to, k, where)
        if queries is not None:
            found = [self._embedder.embed(query, None, None) for query in queries]
            directions = np.stack(found) if found else np.empty((0, self.dim), np.float32)
        else:
            directions = as_directions("vectors", vectors, self.dim)
        hits = self._nearest(directions, to, k, condition)
        if hits and not any(hits):
            self._check_modality(to)
        return hits

    def _scope(self, to: str | None, k: int, where: Where | None) -> tuple[int, str | None]:
        """How many rows are asked for, and the condition that `where` is."""
        if to is not None and not is_text(to):
            raise InputError(f"to: expected the name of a modality, for example 'image', or None, got {to!r}.")
        return whole_number("k", k), None if where is None else compile_filter(where, self._table.fields)

    def _nearest(self, directions: Vector, to: str | None, k: int, condition: str | None) -> list[list[Hit]]:
        """For each direction its k hits among the rows of a modality that pass a condition."""
        measured = self._index.read()

        def effort(segments: tuple[str, ...], rows: int) -> Effort:
            return measured.effort(segments, rows, to, k, filtered=condition is not None)

        return [as_hits(found, k) for found in self._table.search(directions, k, to, condition, effort)]

    def _check_modality(self, to: str | None) -> None:
        """Where nothing was found, whether there is anything."""
        if to is not None and not self._table.has(to):
            raise UnknownNameError("modality", to, self.modalities)

    @property
    def embeds_time(self) -> bool:
        """Whether the space embeds a question at an instant, so that `embed` and `search` need `at`."""
        return self._manifest.space is not None and self._embedder.space.tags.embeds_time
