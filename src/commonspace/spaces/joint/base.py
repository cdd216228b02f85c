"""What joint spaces share: one embedding of an item, whichever of its modalities are there."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError
from commonspace.spaces.base import Space, embed_view
from commonspace.spaces.views import Column, Views, check_aligned, mean_of_parts

JOINT = "joint"
"""What the one embedding is called."""


class JointSpace(Space):
    """A space that merges all modalities of an item; a method writes `_embed_items`."""

    def transform(self, views: Views, *, time: Column | None = None) -> dict[str, NDArray[np.float32]]:
        """Embeds items by whichever modalities are given.

        Args:
            views: Modality -> (n, d) or (n, r, d), the same items in each; rows of NaN where an item lacks one. Where
                one modality is given, each part of an item is embedded by itself; else an item's parts are averaged.
            time: (n,), for methods that use time.

        Returns:
            {"joint": (n, k)}, or (n, r, k) for the parts of one modality; float32, of unit length if `normalize`; NaN
            for an item that has none of the modalities.

        Raises:
            NotFittedError: Before `fit`.
            UnknownNameError: If a modality was not among those of `fit`.
            InputError: If a view is not as described, or none is given.
        """
        checked = self._check_items(views)
        if len(checked) == 1:
            [(modality, view)] = checked.items()
            return {JOINT: self._transform_view(modality, view)}
        rows = {m: mean_of_parts(x) for m, x in checked.items()}
        return {JOINT: embed_items(rows, self._embed_items, self.n_components_, self.normalize)}

    def _check_items(self, views: Views) -> dict[str, NDArray[Any]]:
        """Views of the same items, checked; one or more of them."""
        checked = self._check_transform(views)
        if not checked:
            raise InputError(f"views: empty; expected one or more of {', '.join(self.modalities_)}.")
        check_aligned(checked)
        return checked

    def _item_rows(self, views: Views) -> dict[str, NDArray[Any]]:
        """The same with one row for each item, the mean of its parts."""
        return {m: mean_of_parts(x) for m, x in self._check_items(views).items()}

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        return self._embed_items({modality: rows})

    @abstractmethod
    def _embed_items(self, views: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """Maps rows of some of the modalities, each item having one or more of them, to (n, k).

        Args:
            views: Modality -> (n, d), rows of NaN where an item lacks it.
        """


def embed_items(
    views: Mapping[str, NDArray[Any]],
    embed: Callable[[dict[str, NDArray[Any]]], NDArray[Any]],
    dim: int,
    normalize: bool,
) -> NDArray[np.float32]:
    """Embeds the items that have one or more of the modalities; the others come out as NaN.

    Args:
        views: Modality -> (n, d), rows of NaN where an item lacks it.
        embed: Maps such views, without items that have nothing, to (n, dim).
        dim: The length of an embedding.
        normalize: Give embeddings unit length.
    """
    there = ~np.all([np.isnan(x[:, 0]) for x in views.values()], axis=0)
    number = np.where(there, np.arange(len(there)), np.nan)[:, None]  # stands for the rows of all views
    return embed_view(
        number, lambda items: embed({m: x[items[:, 0].astype(np.int64)] for m, x in views.items()}), dim, normalize
    )
