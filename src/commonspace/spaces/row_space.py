"""Spaces that learn from aligned rows, where parts of an item are rows of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Self

from numpy.typing import ArrayLike

from .base import Space
from .views import Rows, Views, expand


class RowSpace(Space):
    """A space learnt from rows: an item with parts gives a row for each; only complete ones unless tagged otherwise.

    A method writes `_fit` and `_embed`.
    """

    def fit(
        self,
        views: Views,
        labels: ArrayLike | None = None,
        *,
        time: ArrayLike | None = None,
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
        rows = expand(given.views, given.labels, given.time)
        self._fit(rows if self.tags.missing_in_fit else rows.complete())
        self._remember(given)
        return self

    @abstractmethod
    def _fit(self, rows: Rows) -> None:
        """Learns from aligned rows and sets the fitted state, `n_components_` included."""
