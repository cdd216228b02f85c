from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import commonspace as cs

from .linear_views import linear_views

LINEAR: dict[str, Any] = {
    "hidden_sizes": (),
    "dropout": 0.0,
    "learning_rate": 5e-2,
    "weight_decay": 0.0,
    "batch_size": 1000,
    "max_epochs": 300,
    "validation_fraction": 0.0,
    "random_state": 0,
}
"""A linear classifier, trained to the end in full batches."""


def posteriors(space: cs.DeepSM, views: Any, shares: Any) -> dict[str, Any]:
    """Of a space that compares by cosine and does not normalise."""
    return {m: z + shares for m, z in space.transform(views).items()}


def noisy(n: int = 300) -> tuple[dict[str, Any], Any]:
    """Labels of which a fifth are wrong, so that the best posteriors are no certainties."""
    views, labels = linear_views(n)
    rng = np.random.default_rng(3)
    return views, np.where(rng.random(n) < 0.2, rng.integers(0, 3, n), labels)


@pytest.mark.slow
def test_without_hidden_layers_it_is_multinomial_logistic_regression():
    views, labels = noisy()
    space = cs.DeepSM(compare_by="cosine", normalize=False, **{**LINEAR, "max_epochs": 900}).fit(views, labels)
    shares = np.bincount(labels) / len(labels)
    for m, P in posteriors(space, views, shares).items():
        x = (views[m] - space.means_[m]) / space.scales_[m]
        expected = LogisticRegression(C=1e6, max_iter=1000).fit(x, labels).predict_proba(x)
        np.testing.assert_allclose(P, expected, atol=0.01)


def test_the_cosine_by_probability_is_that_of_the_same_class():
    views, labels = noisy()
    quick = {**LINEAR, "max_epochs": 30}
    plain = cs.DeepSM(compare_by="cosine", normalize=False, **quick).fit(views, labels)
    P = posteriors(plain, views, np.bincount(labels) / len(labels))
    by_probability = cs.DeepSM(**quick).fit(views, labels)
    z = by_probability.transform(views)
    np.testing.assert_allclose(by_probability.similarity(z["image"], z["text"]), P["image"] @ P["text"].T, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(z["image"], axis=1), 1, atol=1e-6)


def test_with_several_labels_the_cosine_is_the_mean_over_classes_that_both_have_it():
    views, _ = linear_views(300)
    several = np.random.default_rng(0).integers(0, 2, (300, 4))
    quick = {**LINEAR, "max_epochs": 30}
    plain = cs.DeepSM(compare_by="cosine", normalize=False, **quick).fit(views, several)
    P = posteriors(plain, views, several[several.any(1)].mean(0))
    z = cs.DeepSM(**quick).fit(views, several).transform(views)
    np.testing.assert_allclose(z["image"] @ z["text"].T, P["image"] @ P["text"].T / 4, atol=1e-5)


def test_a_modality_learns_as_if_it_were_alone():
    """Each has its own cross-entropy: what the other holds makes no difference."""
    views, labels = noisy()
    other = {**views, "text": np.random.default_rng(1).standard_normal(views["text"].shape)}
    first, second = (cs.DeepSM(**{**LINEAR, "max_epochs": 20}).fit(v, labels) for v in (views, other))
    got, expected = second.transform({"image": views["image"]}), first.transform({"image": views["image"]})
    np.testing.assert_allclose(got["image"], expected["image"], atol=1e-5)


def test_the_hidden_layer_tells_classes_apart_within_a_modality():
    views, labels = linear_views(200)
    space = cs.DeepSM(embedding="hidden", **{**LINEAR, "hidden_sizes": (12, 9), "max_epochs": 60}).fit(views, labels)
    assert space.n_components_ == 9
    for z in space.transform(views).values():
        assert z.min() >= 0  # after a ReLU
        same = labels[:, None] == labels
        assert (z @ z.T)[same].mean() > (z @ z.T)[~same].mean() + 0.2


def test_classes_say_the_order_of_the_posteriors():
    views, labels = noisy()
    names = np.array(["sea", "hill", "town"])[labels]
    space = cs.DeepSM(compare_by="cosine", normalize=False, **{**LINEAR, "max_epochs": 100}).fit(views, names)
    assert space.classes_ == ("hill", "sea", "town")
    best = np.array(space.classes_)[space.transform(views)["image"].argmax(1)]
    assert np.mean(best == names) > 0.6
