"""Clusters of regions, which stand in for the classes of a detector."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from commonspace.errors import ParameterError

from .inputs import Box
from .photos import Photos

PART = 64
"""Photos pooled at a time."""


def region_clusters(
    photos: Photos,
    names: Sequence[str],
    clusters: int,
    *,
    grid: int = 7,
    boxes: Sequence[Sequence[Box]] | None = None,
    seed: int = 0,
) -> Tensor:
    """Centres of the regions of photos, by k-means.

    Args:
        photos: The photos.
        names: Of those to learn from; only photos of training sets.
        clusters: How many.
        grid: Cells in each direction, which are regions; 0: none.
        boxes: Of each photo, which are regions too.
        seed: Of the first centres.

    Returns:
        (clusters, features).

    Raises:
        ParameterError: If there are fewer regions than clusters.
    """
    from sklearn.cluster import MiniBatchKMeans

    known = [()] * len(names) if boxes is None else boxes
    parts = []
    for start in range(0, len(names), PART):
        end = start + PART
        regions = photos.regions(names[start:end], known[start:end], grid)
        parts.append(regions.features[:, 1:][regions.real[:, 1:]])
    found = torch.cat(parts) if parts else torch.empty(0, 0)
    if not 1 <= clusters <= len(found):
        raise ParameterError(f"clusters: expected 1 to {len(found)}, the regions there are, got {clusters}.")
    kmeans = MiniBatchKMeans(clusters, random_state=seed, n_init=1, batch_size=max(1024, clusters))
    kmeans.fit(found.numpy())
    return torch.from_numpy(kmeans.cluster_centers_).float()
