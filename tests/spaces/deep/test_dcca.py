from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg

import commonspace as cs
from commonspace.errors import TrainingError

from .linear_views import linear_views

QUICK: dict[str, Any] = {"hidden_sizes": (4,), "max_epochs": 2}
THOROUGH: dict[str, Any] = {
    "hidden_sizes": (),
    "dropout": 0.0,
    "learning_rate": 2e-2,
    "weight_decay": 0.0,
    "max_epochs": 250,
    "validation_fraction": 0.0,
    "ridge": 1e-4,
    "normalize": False,
    "random_state": 0,
}
"""Linear maps, trained to the end."""


def correlations(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """Canonical correlations as cosines of the angles between column spaces."""
    Qa, Qb = (np.linalg.qr(x.astype(np.float64) - x.mean(0))[0] for x in (a, b))
    return np.asarray(linalg.svdvals(Qa.T @ Qb))


def awkward(seed: int) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Views with all that could make a covariance singular, and parameters."""
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((40, 5))
    text = image[:, :4] + rng.standard_normal((40, 4)) if seed % 2 else rng.standard_normal((40, 4))
    if seed % 3 == 0:
        image = np.hstack([image, image[:, :2], 2 * image[:, :1]])  # columns that repeat
    if seed % 5 == 0:
        text = image.copy()  # equal views
    if seed % 7 == 0:
        text[:, 1] = 0.5  # a column that never varies
    if seed % 11 == 0:
        image[:, 0] = np.where(rng.random(40) < 0.1, 1.0, 0.0)  # nearly constant
    views = {"image": image * 10 ** rng.uniform(-6, 6, image.shape[1]), "text": text * 10 ** rng.uniform(-6, 6)}
    k = int(rng.integers(1, 4))
    return views, {
        "n_components": k,
        "batch_size": int(rng.integers(k + 1, 41)),
        "standardise": bool(seed % 4),
        "covariances": "batch" if rng.random() < 0.7 else "running",
        "ridge": float(rng.choice([0.0, 1e-6, 1e-2])),
        "random_state": seed,
    }


def assert_no_nan(seed: int) -> None:
    views, parameters = awkward(seed)
    space = cs.DCCA(**{**QUICK, **parameters})
    try:
        space.fit(views)
    except TrainingError as error:  # columns of 1e-6 drown in the rounding of a bias of 1
        assert "outputs of text no longer vary" in str(error)  # noqa: PT017
        assert not parameters["standardise"]
        assert views["text"].std(0).max() < 1e-2
        return
    assert np.isfinite(space.history_["loss"]).all(), (seed, parameters)
    assert all(np.isfinite(z).all() for z in space.transform(views).values()), (seed, parameters)
    assert all(np.isfinite(w).all() for w in space.weights_.values()), (seed, parameters)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_makes_it_nan(seed: int):
    assert_no_nan(seed)


@pytest.mark.slow
def test_nothing_makes_it_nan_in_two_hundred_runs():
    for seed in range(200):
        assert_no_nan(seed)


def test_linear_maps_find_the_correlations_of_linear_cca():
    views, _ = linear_views(300, noise=1.0)
    out = cs.DCCA(3, **THOROUGH).fit(views).transform(views)
    expected = correlations(views["image"], views["text"])[:3]
    got = correlations(out["image"], out["text"])
    assert got.sum() == pytest.approx(expected.sum(), rel=0.01)
    assert expected[-1] < 0.9  # else it would be easy
    linear = cs.CCA(n_components=3, ridge=1e-4, normalize=False).fit(views).transform(views)
    # Not just as much: the same subspace.
    for m in views:
        assert correlations(out[m], linear[m]).min() > 0.99


def test_small_batches_do_with_running_covariances():
    views, _ = linear_views(300, noise=1.0)
    small = {**THOROUGH, "batch_size": 20, "max_epochs": 40, "learning_rate": 5e-3}
    out = cs.DCCA(3, covariances="running", **small).fit(views).transform(views)
    assert correlations(out["image"], out["text"]).sum() > 0.97 * correlations(views["image"], views["text"])[:3].sum()


def test_validation_leaves_the_running_covariances_alone():
    space = cs.DCCA(2, covariances="running", batch_size=20, random_state=0, **QUICK).fit(linear_views(111)[0])
    assert space.weights_["running.batches"] == 5 * (space.best_epoch_ + 1)


def test_three_modalities_correlate_by_pairs():
    views, _ = linear_views(300, modalities=3, noise=0.5)
    space = cs.DCCA(3, **THOROUGH).fit(views)
    out = space.transform(views)
    for a, b in combinations(views, 2):
        most = correlations(views[a], views[b])[:3].sum()
        assert correlations(out[a], out[b]).sum() == pytest.approx(most, rel=0.02)
    # Dimensions are shared: the same one in each modality, and in items that it has not learnt from.
    z = space.transform(linear_views(300, modalities=3, noise=0.5, seed=1)[0])
    for a, b in combinations(z, 2):
        assert min(np.corrcoef(z[a][:, j], z[b][:, j])[0, 1] for j in range(3)) > 0.5


def test_an_item_that_lacks_a_modality_takes_no_part():
    views, _ = linear_views(90, modalities=3)
    gaps = {
        m: np.vstack([x, np.full((30, x.shape[1]), np.nan) if m == "audio" else x[:30] + 9]) for m, x in views.items()
    }
    whole, some = (cs.DCCA(2, random_state=0, **QUICK).fit(given).transform(views) for given in (views, gaps))
    for m in views:
        np.testing.assert_array_equal(whole[m], some[m])


def test_the_loss_is_minus_the_sum_of_correlations():
    space = cs.DCCA(3, **{**THOROUGH, "max_epochs": 150}).fit(linear_views(300, noise=0.01)[0])
    assert -3 < space.history_["loss"][-1] < -2.95
