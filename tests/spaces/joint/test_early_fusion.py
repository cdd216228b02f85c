from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

import commonspace as cs
from commonspace.errors import ParameterError

from .items import DIMS, views, with_gaps

PLAIN: dict[str, Any] = {"block_components": None, "normalize": False}


def standardised(n: int = 200) -> dict[str, np.ndarray]:
    return {m: ((x - x.mean(0)) / x.std(0)).astype(np.float64) for m, x in views(n).items()}


def test_it_is_the_scaled_columns_side_by_side():
    items = views(200)
    space = cs.EarlyFusion(weights={"text": 3.0}, **PLAIN).fit(items)
    scale = {"image": 1, "text": 3, "sound": 1}
    expected = np.hstack([scale[m] / np.sqrt(x.shape[1]) * x for m, x in standardised().items()])
    np.testing.assert_allclose(space.transform(items)["joint"], expected, atol=1e-5)


def test_modalities_count_alike_however_many_columns_they_have():
    items = views(200)
    wide = {**items, "image": np.repeat(items["image"], 40, axis=1)}
    for settings in ({}, {"whiten": True}, {"block_components": None}):
        joint = cs.EarlyFusion(normalize=False, **settings).fit_transform(wide)["joint"]
        ends = np.cumsum([b.shape[1] for b in cs.EarlyFusion(**settings).fit(wide).blocks_.values()])[:-1]
        variances = [part.var(0).sum() for part in np.split(joint, ends, axis=1)]
        np.testing.assert_allclose(variances, 1, rtol=0.02)


def test_principal_axes_of_blocks_keep_cosines_where_none_is_left_out():
    items = views(200)
    expected = cs.EarlyFusion(block_components=None).fit_transform(items)["joint"]
    found = cs.EarlyFusion(block_components=99).fit_transform(items)["joint"]
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-5)


def test_components_are_the_principal_axes_of_all_columns():
    items = views(200)
    side_by_side = cs.EarlyFusion(**PLAIN).fit_transform(items)["joint"]
    found = cs.EarlyFusion(3, **PLAIN).fit_transform(items)["joint"]
    expected = PCA(3).fit_transform(side_by_side)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)


def test_what_is_absent_is_filled_in_by_ridge_regression():
    items = views(200)
    space = cs.EarlyFusion(ridge=0.2, **PLAIN).fit(items)
    blocks = dict(
        zip(DIMS, np.split(space.transform(items)["joint"], np.cumsum(list(DIMS.values()))[:-1], 1), strict=True)
    )
    known = np.hstack([blocks["image"], blocks["sound"]]).astype(np.float64)
    alpha = 0.2 * known.var(0).mean() * len(known)
    expected = Ridge(alpha=alpha, fit_intercept=False).fit(known, blocks["text"]).predict(known)
    filled = space.transform({m: items[m] for m in ("image", "sound")})["joint"]
    np.testing.assert_allclose(filled[:, 8:14], expected, atol=1e-4)
    np.testing.assert_allclose(filled[:, :8], blocks["image"], atol=1e-6)


def test_with_the_mean_for_what_is_absent_modalities_cannot_be_compared():
    items, test = views(200), views(100, seed=1)
    zeros = cs.EarlyFusion(absent="mean").fit(items)
    each = [zeros.transform({m: test[m]})["joint"] for m in ("image", "text")]
    np.testing.assert_allclose(each[0] @ each[1].T, 0, atol=1e-6)
    assert cs.EarlyFusion().fit(items).score(test) > 0.2 > zeros.score(test)


def test_a_modality_of_weight_zero_says_nothing():
    items, test = views(200), views(20, seed=1)
    without = cs.EarlyFusion(weights={"sound": 0}).fit(items)
    noise = {**test, "sound": np.random.default_rng(0).standard_normal(test["sound"].shape)}
    np.testing.assert_array_equal(without.transform(noise)["joint"], without.transform(test)["joint"])
    alone = without.transform({"sound": test["sound"]})["joint"]
    np.testing.assert_array_equal(alone, np.zeros_like(alone))


def test_items_that_lack_something_are_learnt_from_and_cost_little():
    test = views(200, seed=1)
    whole, gaps = cs.EarlyFusion().fit(views(300)), cs.EarlyFusion().fit(with_gaps(300))
    assert gaps.score(test) > whole.score(test) - 0.05
    assert np.linalg.eigvalsh(gaps.covariance_).min() > -1e-12


def test_the_scale_of_columns_counts_only_where_they_are_not_standardised():
    items = views(200)
    scaled = {m: x * np.linspace(0.1, 10, x.shape[1], dtype=np.float32) for m, x in items.items()}
    same = [cs.EarlyFusion().fit_transform(v)["joint"] for v in (items, scaled)]
    np.testing.assert_allclose(same[0] @ same[0].T, same[1] @ same[1].T, atol=1e-4)
    other = [cs.EarlyFusion(standardise=False).fit_transform(v)["joint"] for v in (items, scaled)]
    assert np.abs(other[0] @ other[0].T - other[1] @ other[1].T).max() > 0.1


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"smell": 1.0}, r"weights: names 'smell', which is not among the views \(image, text, sound\)"),
        ({"text": -1.0}, r"weights\['text'\]: expected a number of at least 0, got -1.0"),
        ({"text": np.nan}, r"weights\['text'\]: expected a number"),
        ({"text": True}, r"weights\['text'\]: expected a number"),
        (dict.fromkeys(DIMS, 0), "weights: expected one above 0"),
    ],
)
def test_wrong_weights_are_errors(weights: Any, message: str):
    with pytest.raises(ParameterError, match=message):
        cs.EarlyFusion(weights=weights).fit(views(50))


def test_more_components_than_columns_are_an_error():
    with pytest.raises(ParameterError, match="n_components=20, but 19 columns side by side bear at most 19"):
        cs.EarlyFusion(20).fit(views(50))
