"""Spaces that learn from aligned rows, where parts of an item are rows of their own."""

from __future__ import annotations

from abc import abstractmethod

from .base import FitInput, Space
from .views import Rows, expand


class RowSpace(Space):
    """A space learnt from rows: an item with parts gives a row for each; only complete ones unless tagged otherwise.

    A method writes `_fit` and `_embed`.

    Example:
        ```python
        from commonspace.spaces import RowSpace, SpaceTags


        class Leading(RowSpace):  # the leading principal directions of each modality by itself
            tags = SpaceTags()
            _parameter_constraints = {"n_components": [int], "normalize": ["boolean"]}

            def __init__(self, n_components=2, *, normalize=True):
                self.n_components = n_components
                self.normalize = normalize

            def _fit(self, rows):
                self.means_ = {m: x.mean(0) for m, x in rows.views.items()}
                self.weights_ = {
                    m: np.linalg.svd(x - self.means_[m], full_matrices=False)[2][: self.n_components].T
                    for m, x in rows.views.items()
                }
                self.n_components_ = self.n_components

            def _embed(self, modality, rows):
                return (rows - self.means_[modality]) @ self.weights_[modality]


        Leading().fit(views).transform({"text": Z})["text"].shape  # (160, 2)
        ```
    """

    def _learn(self, given: FitInput) -> None:
        rows = expand(given.views, given.labels, given.time)
        self._fit(rows if self.tags.missing_in_fit else rows.complete())

    @abstractmethod
    def _fit(self, rows: Rows) -> None:
        """Learns from aligned rows and sets the fitted state, `n_components_` included."""
