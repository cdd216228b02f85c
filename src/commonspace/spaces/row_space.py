"""Spaces that learn from aligned rows, where parts of an item are rows of their own."""

from __future__ import annotations

from abc import abstractmethod

from .base import FitInput, Space
from .views import Rows, expand


class RowSpace(Space):
    """A space learnt from rows: an item with parts gives a row for each; only complete ones unless tagged otherwise.

    A method writes `_fit` and `_embed`.
    """

    def _learn(self, given: FitInput) -> None:
        rows = expand(given.views, given.labels, given.time)
        self._fit(rows if self.tags.missing_in_fit else rows.complete())

    @abstractmethod
    def _fit(self, rows: Rows) -> None:
        """Learns from aligned rows and sets the fitted state, `n_components_` included."""
