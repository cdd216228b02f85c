"""Every modality asking every other: what scores and reports are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonspace.metrics import RowBlocks, SameItem, SameLabel, SharedLabel
from commonspace.metrics.labels import label_relevance

if TYPE_CHECKING:
    from .base import Space
    from .views import Column, Views


@dataclass(frozen=True)
class Direction:
    """Queries of one modality against a gallery of another; every part of an item is a row of its own.

    Attributes:
        source: The modality of the queries.
        target: The modality of the gallery.
        gallery: (gallery, k) the embeddings searched.
        scores: (queries, gallery) similarities, computed when rows are sliced.
        query_item: (queries,) the item each query belongs to.
        gallery_item: (gallery,) likewise.
    """

    source: str
    target: str
    gallery: NDArray[np.float32]
    scores: RowBlocks
    query_item: NDArray[np.int64]
    gallery_item: NDArray[np.int64]

    @property
    def name(self) -> str:
        """For example "image->text"."""
        return f"{self.source}->{self.target}"

    def same_item(self) -> SameItem:
        """What belongs to the query's own item is relevant."""
        return SameItem(self.query_item, self.gallery_item)

    def same_label(self, labels: NDArray[Any]) -> SameLabel | SharedLabel:
        """What has the label of the query, or shares one, is relevant; `labels` are those of the items."""
        return label_relevance(labels[self.query_item], labels[self.gallery_item])


def embed_each(space: Space, views: Views, *, time: Column | None = None) -> dict[str, NDArray[np.float32]]:
    """Each modality embedded by itself, in a joint space too, so that modalities can be compared.

    Args:
        space: A fitted space.
        views: Modality -> (n, d) or (n, r, d).
        time: (n,), for a space that uses time.

    Returns:
        Modality -> (n, k) or (n, r, k).
    """
    if not space.tags.joint:
        return space.transform(views, time=time)
    return {m: space.transform({m: x}, time=time)["joint"] for m, x in views.items()}


def directions(space: Space, embedded: Mapping[str, NDArray[np.float32]]) -> Iterator[Direction]:
    """All ordered pairs of modalities.

    Args:
        space: Whose similarity is used.
        embedded: Modality -> (n, k) or (n, r, k), rows of NaN where an item lacks the modality or a part.
    """
    flat = {modality: flatten_parts(embedding) for modality, embedding in embedded.items()}
    for source, target in permutations(flat, 2):
        (queries, query_item), (gallery, gallery_item) = flat[source], flat[target]
        scores = space.similarity_rows(queries, gallery)
        yield Direction(source, target, gallery, scores, query_item, gallery_item)


def flatten_parts(embedding: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Every part that is there as one row, and the item each belongs to.

    Args:
        embedding: (n, k), or (n, r, k) with NaN where an item has fewer parts or none.

    Returns:
        (rows, k) and (rows,) item numbers.
    """
    parts = embedding if embedding.ndim == 3 else embedding[:, None]
    item, slot = np.nonzero(~np.isnan(parts[..., 0]))
    return parts[item, slot], item
