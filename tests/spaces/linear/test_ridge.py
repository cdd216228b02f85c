"""Ridges that are estimated or chosen."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf, ledoit_wolf_shrinkage, oas

from commonspace import CCA, GCCA, MCCA
from commonspace.errors import InputError, ParameterError
from commonspace.metrics import SameItem, mean_average_precision
from commonspace.spaces.linear.ridge import CHOICES

from .planted import planted
from .test_mcca import three

SIZES = [(400, 8, 6), (30, 8, 6), (20, 60, 45), (200, 3, 1)]


@pytest.mark.parametrize(("n", "p", "q"), SIZES)
@pytest.mark.parametrize("rule", ["ledoit-wolf", "oas"])
def test_estimates_are_those_of_scikit_learn(n: int, p: int, q: int, rule: str):
    views = planted(n=n, p=p, q=q, shared=1)
    space = CCA(1, ridge=rule).fit(views)
    for m, view in views.items():
        shrinkage = ledoit_wolf_shrinkage(view) if rule == "ledoit-wolf" else oas(view)[1]
        expected = shrinkage / (1 - shrinkage) if shrinkage < 1 else np.inf
        if view.shape[1] == 1:  # a variance has nothing to shrink towards but itself
            continue
        assert space.ridge_[m] == pytest.approx(expected, rel=1e-9)


def test_shrinkage_gives_the_directions_of_the_shrunk_covariances():
    views = planted(n=50)
    space = CCA(3, ridge="ledoit-wolf", scaling=0, normalize=False).fit(views)
    for m, view in views.items():
        S = LedoitWolf().fit(view).covariance_
        W = space.weights_[m]
        white = W.T @ S @ W
        np.testing.assert_allclose(white / white[0, 0], np.eye(3), atol=1e-6)


def test_pure_noise_in_many_columns_is_shrunk_and_structure_is_not():
    rng = np.random.default_rng(0)
    noise = {"image": rng.standard_normal((50, 40)), "text": rng.standard_normal((50, 40))}
    clear = {m: rng.standard_normal((5000, 2)) @ rng.standard_normal((2, 20)) for m in noise}
    for rule in ("ledoit-wolf", "oas"):
        assert min(CCA(1, ridge=rule).fit(noise).ridge_.values()) > 1
        assert max(CCA(1, ridge=rule).fit(clear).ridge_.values()) < 0.01


def test_validation_takes_the_ridge_by_which_held_out_items_are_found_best():
    views = planted(n=80, shared=4, p=60, q=50, noise=1.5)
    space = CCA(4, ridge="validation").fit(views)
    [chosen] = set(space.ridge_.values())
    assert chosen in CHOICES
    # The same by hand.
    held = np.random.default_rng(0).permutation(80)[:16]
    rest = np.setdiff1d(np.arange(80), held)
    scores = {}
    for ridge in CHOICES:
        z = (
            CCA(4, ridge=ridge)
            .fit({m: v[rest] for m, v in views.items()})
            .transform({m: v[np.sort(held)] for m, v in views.items()})
        )
        own = SameItem(np.arange(16), np.arange(16))
        scores[ridge] = np.mean(
            [mean_average_precision(s, own) for s in (z["image"] @ z["text"].T, z["text"] @ z["image"].T)]
        )
    assert chosen == max(CHOICES, key=lambda r: scores[r])
    assert max(scores.values()) > min(scores.values())
    np.testing.assert_array_equal(space.correlations_, CCA(4, ridge=chosen).fit(views).correlations_)


@pytest.mark.parametrize("cls", [MCCA, GCCA])
def test_every_regularised_space_takes_every_rule(cls: type):
    for rule in ("ledoit-wolf", "oas", "validation", {"image": 0.1, "text": 1, "audio": 0}):
        space = cls(2, ridge=rule).fit(three(n=60))
        assert set(space.ridge_) == {"image", "text", "audio"}
        assert space.get_params()["ridge"] == rule


def test_a_ridge_for_each_modality():
    views = planted()
    equal = CCA(3, ridge={"text": 0.5, "image": 0.5}).fit(views)
    np.testing.assert_array_equal(equal.correlations_, CCA(3, ridge=0.5).fit(views).correlations_)
    uneven = CCA(3, ridge={"text": 100, "image": 0}).fit(views)
    assert not np.allclose(uneven.correlations_, equal.correlations_)


@pytest.mark.parametrize(
    ("ridge", "message"),
    [
        ({"image": 1}, "ridge: expected a number for each of image, text, got them for image"),
        ({"image": 1, "text": -1}, "ridge: expected a number of at least 0 for text, got -1"),
        ({"image": 1, "text": "big"}, "ridge: expected a number of at least 0 for text, got 'big'"),
        ("lw", "'ridge' parameter of CCA"),
    ],
)
def test_ridges_that_cannot_be_used_are_an_error(ridge: object, message: str):
    with pytest.raises(ParameterError, match=message):
        CCA(ridge=ridge).fit(planted())  # type: ignore[arg-type]


def test_too_few_items_to_hold_any_out_are_an_error():
    with pytest.raises(InputError, match="4 items are too few to hold out a fifth"):
        CCA(1, ridge="validation").fit(planted(n=4))
