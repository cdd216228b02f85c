"""Clusters of regions, which stand in for the classes of a detector."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from commonspace.errors import ParameterError

from .photos import Photos

PART = 64
"""Photos pooled at a time."""


def region_clusters(photos: Photos, names: Sequence[str], clusters: int, *, grid: int = 7, seed: int = 0) -> Tensor:
    """Centres of the cells of photos, by k-means.

    Args:
        photos: The photos.
        names: Of those to learn from; only photos of training sets.
        clusters: How many.
        grid: Cells in each direction.
        seed: Of the first centres.

    Returns:
        (clusters, features).

    Raises:
        ParameterError: If there are fewer cells than clusters.
    """
    from sklearn.cluster import MiniBatchKMeans

    if not 1 <= clusters <= len(names) * grid**2:
        raise ParameterError(f"clusters: expected 1 to {len(names) * grid**2}, the cells there are, got {clusters}.")
    kmeans = MiniBatchKMeans(clusters, random_state=seed, n_init=1, batch_size=max(1024, clusters))
    parts = [names[start : start + PART] for start in range(0, len(names), PART)]
    cells = torch.cat([photos.regions(part, [()] * len(part), grid).features[:, 1:].flatten(0, 1) for part in parts])
    kmeans.fit(cells.numpy())
    return torch.from_numpy(kmeans.cluster_centers_).float()
