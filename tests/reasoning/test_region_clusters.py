"""Clusters of regions."""

from __future__ import annotations

import pytest
import torch

from commonspace.errors import ParameterError
from commonspace.reasoning.photos import REGION
from commonspace.reasoning.region_clusters import region_clusters
from commonspace.reasoning.scene_examples import scene_boxes


def test_a_centre_is_the_mean_of_the_regions_that_are_nearest_to_it(photos, scenes):
    names = [str(i) for i in range(len(scenes))]
    boxes = [scene_boxes(scene) for scene in scenes]
    centres = region_clusters(photos, names, 2, grid=0, boxes=boxes)
    assert centres.shape == (2, REGION)
    regions = photos.regions(names, boxes, 0)
    things = regions.features[:, 1:][regions.real[:, 1:]]
    assert len(things) == sum(map(len, boxes))
    nearest = torch.cdist(things, centres).argmin(1)
    spread = torch.cdist(things, things.mean(0, keepdim=True)).pow(2).sum()
    within = sum(torch.cdist(things[nearest == k], centres[k : k + 1]).pow(2).sum() for k in range(2))
    assert within < 0.97 * spread
    for k in range(2):
        gap = (things[nearest == k].mean(0) - centres[k]).norm() / centres[k].norm()
        assert gap < 0.1  # in batches, so nearly


def test_the_same_seed_gives_the_same_centres(photos):
    one, other = (region_clusters(photos, ["0", "1", "2"], 3, grid=2, seed=4) for _ in range(2))
    assert torch.equal(one, other)


def test_more_clusters_than_regions_are_refused(photos):
    with pytest.raises(ParameterError, match="expected 1 to 4, the regions there are, got 5"):
        region_clusters(photos, ["0"], 5, grid=2)
