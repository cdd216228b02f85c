"""What spaces of class posteriors have in common."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from commonspace.errors import ParameterError
from commonspace.spaces.labels import class_targets
from commonspace.spaces.row_space import RowSpace
from commonspace.spaces.views import Rows, Views, check_names

from .classifiers import Classifier, Examples, examples, posteriors
from .label_space import check_components, leading_directions

Matrix = NDArray[np.float64]


class PosteriorSpace(RowSpace):
    """Embeds an item as the probabilities of its classes, as `compare_by` and `centring` say.

    Attributes:
        classes_: The labels, in the order of the columns.
        exclusive_: Whether classes exclude each other: labels of shape (n,).
        intercepts_: Modality -> (c,).
        priors_: Modality -> (c,) shares of the classes among the training items, which is their mean posterior.
        directions_: (c, k); the identity if k = c.
    """

    C: float | Mapping[str, float]
    compare_by: str
    centring: str | None
    classes_: tuple[Any, ...]
    exclusive_: bool
    intercepts_: dict[str, Matrix]
    priors_: dict[str, Matrix]
    directions_: Matrix

    def posteriors(self, views: Views) -> dict[str, NDArray[np.float32]]:
        """The probability of each class, whatever embeddings are made of.

        Args:
            views: As for `transform`.

        Returns:
            Modality -> (n, c) or (n, r, c), columns in the order of `classes_`; rows sum to 1 where classes exclude
            each other.
        """
        check_is_fitted(self)
        plain = copy.copy(self)
        c = len(self.classes_)
        plain.n_components_, plain.directions_, plain.centring, plain.normalize = c, np.eye(c), None, False
        return plain.transform(views)

    def _fit_posteriors(self, rows: Rows, learn: Callable[[Examples, float], Classifier]) -> dict[str, Classifier]:
        """Learns a classifier for each modality and, where none failed, sets the state described above.

        The caller sets what `_scores` needs and then calls `_choose_directions`.
        """
        assert rows.labels is not None  # the base class has checked
        targets, exclusive = class_targets(rows.labels), rows.labels.ndim == 1
        c = len(targets.classes)
        check_components(self.n_components, c)
        check_names("C", self.C, rows.views)
        data = {m: examples(m, X, targets.Y, rows.item, exclusive=exclusive) for m, X in rows.views.items()}
        fitted = {modality: learn(known, self._penalty(modality)) for modality, known in data.items()}
        self.n_components_ = c + len(rows.views) * (self.compare_by == "probability")
        self.classes_, self.exclusive_, self.directions_ = targets.classes, exclusive, np.eye(c)
        self.intercepts_ = {modality: classifier.intercepts for modality, classifier in fitted.items()}
        self.priors_ = {modality: np.average(known.Y, 0, known.weights) for modality, known in data.items()}
        return fitted

    def _choose_directions(self, rows: Rows) -> None:
        """Takes the k directions in which the training items' embeddings are largest, where k is less than c."""
        c, k = len(self.classes_), self.n_components
        if k is None or k == c:
            return
        labelled = class_targets(np.asarray(rows.labels)).labelled
        moment = np.zeros((c, c))
        for modality, view in rows.views.items():
            embedded = self._embed(modality, view[labelled & ~np.isnan(view[:, 0])])[:, :c]
            moment += embedded.T @ embedded / len(embedded)
        self.directions_ = leading_directions(moment, k)
        self.n_components_ -= c - k

    @abstractmethod
    def _scores(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        """(n, c) scores of rows (n, d), without the intercepts."""

    def _embed(self, modality: str, rows: NDArray[Any]) -> Matrix:
        P = posteriors(self._scores(modality, rows) + self.intercepts_[modality], exclusive=self.exclusive_)
        if self.n_components_ > self.directions_.shape[1]:  # as fitted, whatever was set later
            return self._padded(modality, self._reduced(P))
        if self.centring == "correlation":
            P -= P.mean(1, keepdims=True)
        elif self.centring == "prior":
            P -= self.priors_[modality]
        return self._reduced(P)

    def _reduced(self, P: Matrix) -> Matrix:
        c, k = self.directions_.shape
        return P if k == c else P @ self.directions_

    def _padded(self, modality: str, P: Matrix) -> Matrix:
        """P and a dimension for each modality; its own takes what P lacks to the length that all then have."""
        longest = 1 if self.exclusive_ else len(self.classes_)
        own = np.array([modality == m for m in self.intercepts_])
        lack = np.sqrt(np.maximum(longest - np.einsum("ij,ij->i", P, P), 0))
        return np.hstack([P, lack[:, None] * own])

    def _penalty(self, modality: str) -> float:
        if not isinstance(self.C, Mapping):
            return float(self.C)
        if modality not in self.C:
            raise ParameterError(f"C: names no value for {modality!r}, only for {', '.join(self.C) or 'none'}.")
        C = self.C[modality]
        if not isinstance(C, Real) or not 0 < C < np.inf:
            raise ParameterError(f"C: expected a number above 0 for {modality}, got {C!r}.")
        return float(C)
