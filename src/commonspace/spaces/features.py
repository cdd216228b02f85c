"""A space as a step of a scikit-learn pipeline: features of items for a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from commonspace.errors import InputError, ParameterError

from .base import Space
from .views import Views, check_aligned, mean_of_parts

Columns = Sequence[str] | Sequence[int] | slice


class SpaceFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Makes one row of features of each item, by any space, as scikit-learn's pipelines want it.

    Of a joint space the features are its embedding. Of a coordinated one they are the embeddings of all modalities side
    by side, the mean of an item's parts where it has several; in place of one that an item lacks stands the mean of
    those it has.

    Args:
        space: An unfitted space. Its parameters can be searched, as `space__n_components`.
        columns: Modality -> its columns: names of those of a data frame, or positions in an array. An item lacks a
            modality if all its columns are NaN. None takes a mapping modality -> array in place of one table.

    Attributes:
        space_: The fitted space.

    Example:
        ```python
        features = SpaceFeatures(MultimodalAutoencoder(), {"tabular": ["area", "rooms"], "image": photo_columns})
        cross_val_score(make_pipeline(features, LogisticRegression()), frame, labels)
        ```
    """

    def __init__(self, space: Space, columns: Mapping[str, Columns] | None = None) -> None:
        self.space = space
        self.columns = columns

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Fits the space.

        Args:
            X: A data frame or an array, or a mapping modality -> array where `columns` is None.
            y: Labels, for a space that learns from them.

        Returns:
            The adapter itself.

        Raises:
            ParameterError: If `columns` does not suit X.
            InputError: If the space cannot learn from the views.
        """
        if not isinstance(self.space, Space):
            raise ParameterError(f"space: expected an unfitted space, such as MCCA(), got {self.space!r}.")
        views = self._views(X)
        self.space_ = clone(self.space).fit(views, y if self.space.tags.supervised else None)
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.asarray(X.columns, object)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """The features.

        Args:
            X: As in `fit`.

        Returns:
            (n, k), or (n, M k) for a coordinated space of M modalities.

        Raises:
            NotFittedError: Before `fit`.
            InputError: If an item has none of the modalities.
        """
        check_is_fitted(self)
        views = self._views(X)
        if not self.space_.tags.joint and list(views) != list(self.space_.modalities_):
            raise InputError(
                f"X: expected the modalities {', '.join(self.space_.modalities_)}, got {', '.join(views)}."
            )
        embedded = [mean_of_parts(z) for z in self.space_.transform(views).values()]
        stacked = np.stack(embedded)
        absent = np.isnan(stacked[..., 0])
        if absent.all(0).any():
            row = int(np.flatnonzero(absent.all(0))[0])
            raise InputError(f"X: row {row} has none of the modalities {', '.join(views)}; drop such rows.")
        mean = np.where(absent[..., None], 0, stacked).sum(0) / (~absent).sum(0)[:, None]
        features: NDArray[np.float32] = np.hstack([np.where(np.isnan(z), mean, z) for z in stacked]).astype(np.float32)
        return features

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:
        """Names such as "mvae_0", or "cca_image_0" for a coordinated space."""
        check_is_fitted(self)
        name = type(self.space_).__name__.lower()
        prefixes = [name] if self.space_.tags.joint else [f"{name}_{m}" for m in self.space_.modalities_]
        return np.array([f"{p}_{i}" for p in prefixes for i in range(self.space_.n_components_)], object)

    def _views(self, X: Any) -> Views:
        if self.columns is None:
            if not isinstance(X, Mapping):
                raise ParameterError(
                    f"columns: None, which takes a mapping modality -> array; got {type(X).__name__}. Say which "
                    'columns belong to which modality, such as {"image": slice(0, 512)}.'
                )
            check_aligned({m: np.asarray(x) for m, x in X.items()})
            return X
        views: dict[str, NDArray[Any]] = {}
        for modality, chosen in self.columns.items():
            try:
                place: Any = chosen if isinstance(chosen, slice) else list(chosen)
                if hasattr(X, "iloc"):
                    block = X.loc[:, place] if _names(chosen) else X.iloc[:, place]
                else:
                    block = np.asarray(X)[:, place]
            except (KeyError, IndexError, TypeError) as error:
                raise ParameterError(f"columns[{modality!r}]: X has no such columns: {error}.") from error
            views[modality] = np.asarray(block)
        return views


def _names(chosen: Columns) -> bool:
    return not isinstance(chosen, slice) and any(isinstance(column, str) for column in chosen)
