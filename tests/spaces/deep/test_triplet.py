from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import commonspace as cs

from .linear_views import linear_views
from .planted import shells

QUICK: dict[str, Any] = {"hidden_sizes": (32,), "learning_rate": 1e-2, "dropout": 0.0, "random_state": 0}


def spread(space: cs.Triplet, views: Any) -> float:
    """The least share, over modalities, of the variance about the mean: 0 where all embeddings are one point."""
    return min(1 - float(np.linalg.norm(z.mean(0)) ** 2) for z in space.transform(views).values())


@pytest.mark.parametrize("mining", ["all", "semi-hard"])  # the hardest alone are known to fall into it here
def test_embeddings_do_not_fall_into_one_point(mining: str):
    train, test = shells(400, 2, 1), shells(200, 2, 2)
    space = cs.Triplet(6, mining=mining, batch_size=64, max_epochs=25, patience=None, **QUICK).fit(*train)
    assert spread(space, test[0]) > 0.5
    assert space.score(*test) > 0.5


@pytest.mark.parametrize("mining", ["all", "semi-hard"])
def test_nor_where_labels_are_noise(mining: str):
    views, _ = shells(400, 2, 1)
    labels = np.random.default_rng(0).integers(0, 4, 400)
    space = cs.Triplet(6, mining=mining, batch_size=64, max_epochs=25, validation_fraction=0.0, **QUICK)
    assert spread(space.fit(views, labels), views) > 0.03


def test_the_hardest_teach_where_classes_are_plain():
    views, labels = linear_views(300, noise=0.1)
    space = cs.Triplet(6, mining="hardest", batch_size=64, max_epochs=25, patience=None, **QUICK).fit(views, labels)
    fresh = linear_views(200, noise=0.1, seed=1)
    assert spread(space, fresh[0]) > 0.3
    assert space.score(*fresh) > 0.8


def test_minings_differ_and_have_the_same_start():
    views, labels = linear_views()
    weights = [cs.Triplet(3, mining=m, max_epochs=1, **QUICK).fit(views, labels).weights_ for m in ("all", "hardest")]
    assert any((weights[0][name] != weights[1][name]).any() for name in weights[0])


def test_labels_that_all_differ_teach_pairs():
    views, _ = linear_views(200, noise=0.1)
    fresh, _ = linear_views(100, noise=0.1, seed=1)
    space = cs.Triplet(6, max_epochs=60, **QUICK).fit(views, np.arange(200))
    assert space.score(fresh) > 0.3  # Recall@1, of which chance is 0.01


def test_every_loss_is_between_nothing_and_the_margin_where_all_is_one_point():
    views, labels = linear_views()
    space = cs.Triplet(3, margin=0.4, max_epochs=1, **{**QUICK, "learning_rate": 1e-12}).fit(views, labels)
    assert 0 < space.history_["loss"][0] < 2.4
    without = cs.Triplet(3, margin=0.0, max_epochs=1, **{**QUICK, "learning_rate": 1e-12}).fit(views, labels)
    assert without.history_["loss"][0] < space.history_["loss"][0] < without.history_["loss"][0] + 0.4
