"""A space that changes nothing, so that a report can be checked against plain loops over the views."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import NDArray

from commonspace.spaces import RowSpace, SpaceTags
from commonspace.spaces.views import Rows


class Identity(RowSpace):
    """Embeds every row as itself."""

    tags: ClassVar[SpaceTags] = SpaceTags(missing_in_fit=True)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"n_components": [None], "normalize": ["boolean"]}

    def __init__(self, n_components: int | None = None, *, normalize: bool = True) -> None:
        self.n_components = n_components
        self.normalize = normalize

    def _fit(self, rows: Rows) -> None:
        self.n_components_ = next(iter(rows.views.values())).shape[1]

    def _embed(self, modality: str, rows: NDArray[Any]) -> NDArray[Any]:
        return rows
