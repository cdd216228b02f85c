from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSCanonical

from commonspace import CCA, CFA, PLS
from commonspace.errors import ParameterError

from .planted import planted


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("k", [1, 4, 6])
def test_scores_are_those_of_canonical_pls_of_scikit_learn(k: int, standardise: bool):
    views = planted()
    theirs = PLSCanonical(k, scale=standardise, tol=1e-14, max_iter=10_000).fit(*views.values())
    ours = PLS(k, standardise=standardise, normalize=False).fit_transform(views)
    for mine, other in zip(ours.values(), theirs.transform(*views.values()), strict=True):
        signs = np.sign((mine * other).sum(0))
        np.testing.assert_allclose(mine * signs, other, atol=1e-4 * np.abs(other).max())


@pytest.mark.parametrize("shared", [3, 80])
def test_many_components_of_wide_views_are_those_of_plain_deflation(shared: int):
    """More columns than are decomposed as a whole; with 3 shared directions what follows them is near one value."""
    views = planted(n=600, shared=shared, p=100, q=80)
    X, Z = ((view - view.mean(0)) / view.std(0, ddof=1) for view in views.values())
    space = PLS(40, normalize=False).fit(views)
    found = space.transform(views)
    for k, value in enumerate(space.covariances_):
        U, values, Vt = np.linalg.svd(X.T @ Z / (len(X) - 1))
        assert value == pytest.approx(values[0], rel=1e-9)
        t, s = X @ U[:, 0], Z @ Vt[0]
        sign = np.sign(found["image"][:, k] @ t)
        np.testing.assert_allclose(found["image"][:, k] * sign, t, atol=1e-4)  # float32, and gaps of 1e-4
        np.testing.assert_allclose(found["text"][:, k] * sign, s, atol=1e-4)
        X, Z = X - np.outer(t, t @ X) / (t @ t), Z - np.outer(s, s @ Z) / (s @ s)


def test_scores_of_each_view_are_uncorrelated():
    views = planted()
    space = PLS(5, normalize=False).fit(views)
    z = space.transform(views)
    for scores in z.values():
        R = np.corrcoef(scores, rowvar=False)
        np.testing.assert_allclose(R - np.diag(np.diag(R)), 0, atol=1e-4)
    found = [np.corrcoef(a, b)[0, 1] for a, b in zip(z["image"].T, z["text"].T, strict=True)]
    np.testing.assert_allclose(space.correlations_, found, atol=1e-5)


def test_the_first_component_is_that_of_cfa_and_further_ones_are_not():
    views = planted()
    one, other = PLS(3).fit(views), CFA(3).fit(views)
    np.testing.assert_allclose(one.weights_["image"][:, 0], other.weights_["image"][:, 0], atol=1e-10)
    assert one.covariances_[0] == pytest.approx(other.covariances_[0])
    assert np.abs(one.weights_["image"][:, 1] - other.weights_["image"][:, 1]).max() > 1e-3


def test_it_is_not_cca():
    """A direction that both views share exactly, of little variance, beside one shared loosely, of much."""
    rng = np.random.default_rng(0)
    fine, coarse = rng.standard_normal((2, 2000))
    views = {m: np.column_stack([0.01 * fine, 5 * (coarse + rng.standard_normal(2000))]) for m in ("image", "text")}
    cca, pls = CCA(1, ridge=0).fit(views), PLS(1, standardise=False).fit(views)
    assert cca.correlations_[0] > 0.999
    assert pls.correlations_[0] < 0.6


def test_more_components_than_the_rank_are_an_error():
    views = planted()
    views["text"] = views["text"][:, :3] @ np.random.default_rng(0).standard_normal((3, 6))
    assert PLS().fit(views).n_components_ == 3
    with pytest.raises(ParameterError, match=r"views of rank 8 \(image\) and 3 \(text\) bear at most 3"):
        PLS(4).fit(views)
