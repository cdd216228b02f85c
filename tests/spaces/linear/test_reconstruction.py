"""Absent views reconstructed, and loadings."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from commonspace import CCA, CFA, GCCA, MCCA, PLS
from commonspace.errors import InputError, UnknownNameError
from commonspace.spaces.linear.base import LinearSpace

from .planted import planted
from .test_mcca import DIMS, three


@pytest.mark.parametrize("space", [CCA(4), CCA(4, ridge=0), MCCA(4), GCCA(4), PLS(4), CFA(4)], ids=str)
def test_it_is_the_regression_of_the_view_on_the_projections(space: LinearSpace):
    views = planted()
    space.fit(views)
    scores = (views["image"] - space.means_["image"]) @ space.weights_["image"]
    expected = LinearRegression().fit(scores, views["text"]).predict(scores)
    np.testing.assert_allclose(space.predict({"image": views["image"]}, "text"), expected, atol=1e-8)


@pytest.mark.parametrize("space", [MCCA(4), GCCA(4)], ids=str)
def test_from_two_modalities_it_is_the_regression_on_both(space: LinearSpace):
    views = three()
    space.fit(views)
    given = {m: views[m] for m in ("image", "audio")}
    scores = np.hstack([(views[m] - space.means_[m]) @ space.weights_[m] for m in given])
    expected = LinearRegression().fit(scores, views["text"]).predict(scores)
    np.testing.assert_allclose(space.predict(given, "text"), expected, atol=1e-8)


def test_all_directions_without_a_ridge_give_plain_least_squares():
    views = planted(p=6, q=6)
    expected = LinearRegression().fit(views["image"], views["text"]).predict(views["image"])
    space = CCA(6, ridge=0).fit(views)
    np.testing.assert_allclose(space.predict({"image": views["image"]}, "text"), expected, atol=1e-8)


def test_held_out_views_are_reconstructed_where_they_are_shared():
    train, test = three(n=1000, noise=0.1), three(n=200, seed=9, noise=0.1)
    for space in (MCCA(3).fit(train), GCCA(3).fit(train)):
        found = space.predict({"image": test["image"]}, "text")
        correlations = [np.corrcoef(a, b)[0, 1] for a, b in zip(found.T, test["text"].T, strict=True)]
        assert min(correlations) > 0.95


def test_items_are_reconstructed_from_what_they_have():
    views = three()
    space = MCCA(3).fit(views)
    given = {m: views[m].copy() for m in ("image", "audio")}
    given["image"][:10] = np.nan
    given["audio"][5:20] = np.nan
    found = space.predict(given, "text")
    assert np.isnan(found[5:10]).all()
    np.testing.assert_allclose(found[:5], space.predict({"audio": views["audio"][:5]}, "text"))
    np.testing.assert_allclose(found[10:20], space.predict({"image": views["image"][10:20]}, "text"))
    np.testing.assert_allclose(found[20:], space.predict({m: views[m][20:] for m in given}, "text"))


def test_what_cannot_be_reconstructed_is_an_error():
    views = three()
    space = MCCA(3).fit(views)
    with pytest.raises(UnknownNameError, match="'scent'"):
        space.predict({"image": views["image"]}, "scent")
    with pytest.raises(UnknownNameError, match="'scent'"):
        space.predict({"scent": views["image"]}, "text")
    with pytest.raises(InputError, match="expected modalities other than text, got text"):
        space.predict({"text": views["text"]}, "text")
    with pytest.raises(InputError, match="other than text, got none"):
        space.predict({}, "text")
    with pytest.raises(InputError, match="image: expected shape"):
        space.predict({"image": views["image"][:, None]}, "text")
    with pytest.raises(InputError, match="rows must match"):
        space.predict({"image": views["image"], "audio": views["audio"][:9]}, "text")


@pytest.mark.parametrize("space", [CCA(3), PLS(3), CFA(3)], ids=str)
def test_loadings_are_correlations_of_columns_with_projections(space: LinearSpace):
    views = planted()
    views["image"][:, 1] = 4
    space.fit(views)
    for m, found in space.loadings().items():
        scores = (views[m] - space.means_[m]) @ space.weights_[m]
        for column in range(found.shape[0]):
            if m == "image" and column == 1:
                assert (found[column] == 0).all()
                continue
            expected = [np.corrcoef(views[m][:, column], s)[0, 1] for s in scores.T]
            np.testing.assert_allclose(found[column], expected, atol=1e-8)


def test_three_modalities_have_loadings_too():
    found = GCCA(2).fit(three()).loadings()
    assert {m: L.shape for m, L in found.items()} == {m: (d, 2) for m, d in DIMS.items()}
