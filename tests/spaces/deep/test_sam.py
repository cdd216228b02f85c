from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

import commonspace as cs
from commonspace.errors import ParameterError, UnknownNameError

from .linear_views import linear_views

QUICK: dict[str, Any] = {"n_components": 4, "hidden_sizes": (16,), "max_epochs": 4, "batch_size": 48, "random_state": 0}


def difference(a: cs.SAM, b: Any) -> float:
    """The largest, over the weights that both have."""
    shared = [name for name in b.weights_ if name in a.weights_]
    assert shared
    return max(float(np.abs(a.weights_[n].astype(float) - b.weights_[n].astype(float)).max()) for n in shared)


@pytest.mark.parametrize("source", ["centroids", "image", "labels"])
def test_margins_that_are_all_the_same_are_the_static_one(source: str):
    views, labels = linear_views()
    static = cs.Triplet(margin=0.3, mining="all", items_per_class=8, **QUICK).fit(views, labels)
    sam = cs.SAM(margin=0.9, least=0.3, most=0.3, width=0, class_similarity=source, **QUICK).fit(views, labels)
    assert difference(sam, static) < 1e-5
    np.testing.assert_allclose(sam.history_["loss"], static.history_["loss"], rtol=1e-5)


def test_before_its_schedule_begins_it_is_static_and_afterwards_not():
    views, labels = linear_views()
    static = cs.Triplet(margin=0.3, items_per_class=8, **QUICK).fit(views, labels)
    assert difference(cs.SAM(margin=0.3, midpoint=1e6, **QUICK).fit(views, labels), static) < 1e-5
    scheduled = cs.SAM(margin=0.3, midpoint=0.5, width=0.01, **QUICK).fit(views, labels)
    losses = scheduled.history_["loss"], static.history_["loss"]
    np.testing.assert_allclose(losses[0][:2], losses[1][:2], rtol=1e-4)
    assert abs(losses[0][3] - losses[1][3]) > 1e-3
    assert difference(scheduled, static) > 1e-3


def test_the_sources_of_class_similarity_differ():
    views, labels = linear_views()
    sources = ("centroids", "image", "text", "labels")
    fitted = [cs.SAM(width=0, class_similarity=s, **QUICK).fit(views, labels) for s in sources]
    for i, a in enumerate(fitted):
        for b in fitted[:i]:
            assert difference(a, b) > 1e-5


def test_a_modality_gives_the_cosines_of_its_class_means():
    views, labels = linear_views()
    views["image"][::5] = np.nan  # absent items count for nothing
    space = cs.SAM(class_similarity="image", validation_fraction=0.0, **QUICK).fit(views, labels)
    x = (views["image"] - space.means_["image"]) / space.scales_["image"]
    means = np.stack([np.nanmean(x[labels == c], axis=0) for c in range(3)])
    np.testing.assert_allclose(space.weights_["fixed"], (1 + cosine_similarity(means)) / 2, atol=1e-5)


def test_centroids_are_those_of_the_classes_in_the_space():
    views, labels = linear_views(noise=0.1)
    space = cs.SAM(decay=0.0, **{**QUICK, "max_epochs": 30}).fit(views, labels)
    z = np.vstack(list(space.transform(views).values()))
    means = np.stack([z[np.tile(labels, 2) == c].mean(0) for c in range(3)])
    assert np.diag(cosine_similarity(space.weights_["centroids.centroids"], means)).min() > 0.9


def test_several_labels_per_item_are_compared_as_sets():
    views, _ = linear_views()
    several = np.random.default_rng(0).integers(0, 2, (200, 5))
    space = cs.SAM(class_similarity="labels", width=0, **QUICK).fit(views, several)
    assert np.isfinite(space.history_["loss"]).all()


def test_unknown_sources_and_margins_that_cross_are_errors():
    views, labels = linear_views()
    with pytest.raises(UnknownNameError, match="unknown class_similarity 'imag'; did you mean 'image'"):
        cs.SAM(class_similarity="imag", **QUICK).fit(views, labels)
    with pytest.raises(ParameterError, match=r"least: expected at most most=0\.5, got 0\.6"):
        cs.SAM(least=0.6, **QUICK).fit(views, labels)
