"""The contract every space keeps: parameters, checks, fit, transform, similarity, score, save."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.metrics import CosineSimilarity, RowBlocks, mean_average_precision, recall_at_k
from commonspace.metrics.labels import any_label

from .directions import directions, embed_each
from .labels import check_labels, indicators
from .search_space import DataFacts, SearchSpace
from .tags import SpaceTags
from .views import Column, Views, check_aligned, check_column, check_mapping, check_view, check_views

BLOCK = 8192
"""Rows embedded in one go."""


class FitInput(NamedTuple):
    """What `fit` was given, checked: views as float arrays, labels and time one per item or None."""

    views: dict[str, NDArray[Any]]
    labels: NDArray[Any] | None
    time: NDArray[Any] | None

    @property
    def times(self) -> NDArray[Any]:
        """(n,) times, for methods that cannot learn without.

        Raises:
            InputError: If there are none.
        """
        if self.time is None:
            raise InputError("time: expected one for each item, got none.")
        return self.time


class Space(BaseEstimator, ABC):  # type: ignore[misc]
    """Learns, from views of several modalities, one space for all of them.

    A method subclasses `RowSpace` and writes `_fit`, or this, where it does not learn from rows, and writes `_learn`;
    and it writes `_embed`. It declares its parameters in `__init__` and nothing else there, and lists what they may be
    in `_parameter_constraints`. Fitted state ends in an underscore and consists of numbers, strings, arrays and
    mappings or lists of these: `save` stores exactly that.

    Attributes:
        tags: What the method can do.
        modalities_: The modalities seen in `fit`.
        dims_: Modality -> number of columns seen in `fit`.
        n_components_: The length of an embedding.

    Example:
        ```python
        space = CCA(8).fit(views)
        zx, zz = space.transform({"image": X})["image"], space.transform({"text": Z})["text"]  # (160, 8) each
        space.similarity(zx, zz)  # (160, 160), every image with every text
        ```
    """

    tags: ClassVar[SpaceTags]
    _parameter_constraints: ClassVar[dict[str, list[Any]]]

    n_components: int | None
    normalize: bool
    modalities_: tuple[str, ...]
    dims_: dict[str, int]
    n_components_: int

    def fit(
        self,
        views: Views,
        labels: Column | None = None,
        *,
        time: Column | None = None,
        present: Mapping[str, ArrayLike] | None = None,
    ) -> Self:
        """Learns the space.

        Args:
            views: Modality -> (n, d), or (n, r, d) where items have parts. Rows are items, the same in each view.
            labels: (n,) of any hashable, None or NaN for unlabelled; or (n, c) 0/1. Unsupervised methods ignore it.
            time: (n,), for methods that use time.
            present: Modality -> (n,) mask of the items that have it. A row of NaN says the same.

        Returns:
            The space itself.

        Raises:
            ParameterError: If a parameter is out of its range, or asks more than the data bears.
            InputError: If views, labels, time or present are not as described.
        """
        given = self._check_fit(views, labels, time, present)
        self._learn(given)
        self._remember(given)
        return self

    def transform(self, views: Views, *, time: Column | None = None) -> dict[str, NDArray[np.float32]]:
        """Embeds whichever modalities are given, a block of rows at a time.

        Args:
            views: Modality -> (n, d) or (n, r, d). Rows of NaN stay NaN. In a coordinated space the modalities need
                not have the same items.
            time: (n,), for methods that use time.

        Returns:
            Modality -> (n, k) or (n, r, k) float32, of unit length if `normalize`.

        Raises:
            NotFittedError: Before `fit`.
            UnknownNameError: If a modality was not among those of `fit`.
            InputError: If a view is not as described.
        """
        return {m: self._transform_view(m, x) for m, x in self._check_transform(views).items()}

    def fit_transform(
        self,
        views: Views,
        labels: Column | None = None,
        *,
        time: Column | None = None,
        present: Mapping[str, ArrayLike] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """`fit` and then `transform` of the same views; what `present` says is absent comes out as NaN."""
        fitted = self.fit(views, labels, time=time, present=present)
        return fitted.transform(check_views(views, present=present), time=time if self.tags.uses_time else None)

    def similarity(self, queries: ArrayLike, gallery: ArrayLike) -> NDArray[Any]:
        """(n, m) similarity of embeddings (n, k) and (m, k); the cosine unless a method says otherwise."""
        rows = self.similarity_rows(queries, gallery)
        return rows[0 : rows.shape[0]]

    def similarity_rows(self, queries: ArrayLike, gallery: ArrayLike) -> RowBlocks:
        """As `similarity`, computed when rows are sliced, so that large n x m matrices need not exist."""
        return CosineSimilarity(queries, gallery)

    def score(self, views: Views, labels: Column | None = None, *, time: Column | None = None) -> float:
        """How well items are found across modalities.

        The mean over all ordered pairs of modalities of mAP@all, where items of the same label are relevant; without
        labels, of Recall@1, where only the item itself is.

        Returns:
            A number in [0, 1].

        Raises:
            InputError: If fewer than two modalities are given, or labels do not match.
        """
        embedded = embed_each(self, views, time=time)
        if len(embedded) < 2:
            raise InputError(f"views: score compares modalities and needs two, got {', '.join(embedded) or 'none'}.")
        found = check_labels(labels, check_aligned(embedded))
        labels = None if found is None else indicators(found)
        values = []
        for direction in directions(self, embedded):
            if labels is None or not any_label(labels):
                values.append(recall_at_k(direction.scores, direction.same_item(), [1])[1])
            else:
                values.append(mean_average_precision(direction.scores, direction.same_label(labels)))
        return float(np.mean(values))

    def save(self, path: str | Path, *, training: Mapping[str, Any] | None = None) -> None:
        """Writes the fitted space to a folder: `space.json` and `weights.safetensors`; see `load_space`.

        Args:
            path: The folder.
            training: What the space learnt from, as JSON types, to be kept beside it; see `read_training`.

        Raises:
            NotFittedError: Before `fit`.
            StorageError: If the folder exists and holds something else, cannot be written, or a parameter is a
                function.
        """
        from .persistence import save_space

        self._require_fitted()
        save_space(self, Path(path), training)

    @classmethod
    def search_space(cls, facts: DataFacts) -> SearchSpace:
        """The parameters that are worth trying on data of these facts, and their values; none but the defaults here."""
        return [{}]

    @property
    def fingerprint(self) -> str:
        """A digest of the class, the parameters and the fitted state: equal fingerprints embed equally.

        Raises:
            NotFittedError: Before `fit`.
            StorageError: If a parameter is a function, of which there is no digest.
        """
        from .persistence import describe

        self._require_fitted()
        return str(describe(self)[0]["fingerprint"])

    @abstractmethod
    def _learn(self, given: FitInput) -> None:
        """Learns from what `fit` was given and sets the fitted state, `n_components_` included."""

    @abstractmethod
    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        """Maps (n, d) rows without NaN of one modality to (n, k)."""

    def _check_fit(
        self, views: Views, labels: Column | None, time: Column | None, present: Mapping[str, ArrayLike] | None
    ) -> FitInput:
        """What `fit` was given, checked."""
        self._check_parameters()
        checked = check_views(views, present=present)
        self._check_modalities(tuple(checked))
        n = check_aligned(checked)
        labels, time = check_labels(labels, n), check_column("time", time, n)
        if self.tags.supervised and labels is None:
            raise InputError(f"labels: {type(self).__name__} learns from labels and none were given.")
        if labels is not None and labels.ndim == 2 and self.tags.supervised and not self.tags.multilabel:
            raise InputError(
                f"labels: {type(self).__name__} takes one label per item, shape ({n},), got {labels.shape}."
            )
        if self.tags.uses_time and time is None:
            raise InputError(f"time: {type(self).__name__} is conditioned on time and none was given.")
        return FitInput(checked, labels, time)

    def _check_transform(self, views: Views) -> dict[str, NDArray[Any]]:
        """What `transform` was given, checked."""
        self._require_fitted()
        check_mapping(views)
        for modality in views:
            if modality not in self.modalities_:
                raise UnknownNameError("modality", modality, self.modalities_)
        return {m: check_view(m, x, dim=self.dims_[m]) for m, x in views.items()}

    def _remember(self, given: FitInput) -> None:
        """Notes what was seen; last, so that a space whose fit failed is not taken for a fitted one."""
        self.modalities_ = tuple(given.views)
        self.dims_ = {m: x.shape[-1] for m, x in given.views.items()}

    def _require_fitted(self) -> None:
        """Raises before `fit`; a space that puts work off until it is used does it here."""
        check_is_fitted(self)

    def _transform_view(self, modality: str, view: NDArray[Any]) -> NDArray[np.float32]:
        return embed_view(
            view, lambda rows: self._embed(modality, rows), self.n_components_, self.normalize, name=modality
        )

    def _check_parameters(self) -> None:
        try:
            self._validate_params()
        except ValueError as error:  # scikit-learn's own message names the parameter, its range and what came
            raise ParameterError(str(error)) from error

    def _check_modalities(self, modalities: tuple[str, ...]) -> None:
        most = self.tags.max_modalities
        if len(modalities) < 2:
            raise InputError(
                f"views: {type(self).__name__} relates modalities and needs two, got {modalities[0]!r} alone."
            )
        if most is not None and len(modalities) > most:
            raise InputError(
                f"views: {type(self).__name__} takes {most} modalities, got {len(modalities)}: {', '.join(modalities)}."
            )


def embed_view(
    view: NDArray[Any],
    embed: Callable[[NDArray[Any]], NDArray[Any]],
    dim: int,
    normalize: bool,
    *,
    name: str = "views",
) -> NDArray[np.float32]:
    """Embeds a view of items or of items with parts; rows of NaN stay NaN.

    Args:
        view: (n, d) or (n, r, d).
        embed: Maps (rows, d) without NaN to (rows, dim).
        dim: The length of an embedding.
        normalize: Give embeddings unit length; a vector of zeros stays one.
        name: Of the view, for messages.

    Returns:
        (n, dim) or (n, r, dim).

    Raises:
        InputError: If the embedding of a row is not finite: NaN would read as an absent item.
    """
    flat = view.reshape(-1, view.shape[-1])
    out = np.full((len(flat), dim), np.nan, np.float32)
    for start in range(0, len(flat), BLOCK):  # what a method computes on the way is often in float64
        rows = flat[start : start + BLOCK]
        there = ~np.isnan(rows[:, 0])
        if there.any():
            embedded = np.asarray(embed(rows if there.all() else rows[there]), np.float64)
            with np.errstate(over="ignore", invalid="ignore"):  # told below
                length = np.linalg.norm(embedded, axis=1, keepdims=True)
                if normalize:
                    embedded = embedded / np.where(length > 0, length, 1)  # not in place: it may be the caller's array
                out[start : start + BLOCK][there] = embedded
            broken = there & ~np.isfinite(out[start : start + BLOCK]).all(1)
            broken[there] |= ~np.isfinite(length[:, 0])
            if broken.any():
                row = (start + int(broken.argmax())) // (len(flat) // len(view))
                raise InputError(
                    f"{name}: expected numbers like those to learn from; row {row} is so far from them that its "
                    "embedding is not finite. Scale it as they were, or drop it."
                )
    return out.reshape(*view.shape[:-1], dim)
