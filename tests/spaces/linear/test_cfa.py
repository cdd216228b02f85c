from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSSVD

from commonspace import CFA, PLS
from commonspace.errors import InputError, ParameterError

from .planted import planted


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("k", [1, 3, 6])
def test_with_columns_kept_from_square_bases_it_is_pls_svd(k: int, standardise: bool):
    views = planted()
    theirs = PLSSVD(k, scale=standardise).fit(*views.values())
    ours = CFA(k, standardise=standardise, normalize=False).fit_transform(views)
    for mine, other in zip(ours.values(), theirs.transform(*views.values()), strict=True):
        signs = np.sign((mine * other).sum(0))
        np.testing.assert_allclose(mine * signs, other, atol=1e-5 * np.abs(other).max())


def test_projections_are_orthonormal():
    for wide in (planted(), planted(n=30, p=200, q=90)):
        space = CFA(5, standardise=False).fit(wide)
        for W in space.weights_.values():
            np.testing.assert_allclose(W.T @ W, np.eye(5), atol=1e-10)
        standard = CFA(5).fit(wide)
        for m, W in standard.weights_.items():
            scaled = W * standard.deviations_[m][:, None]
            np.testing.assert_allclose(scaled.T @ scaled, np.eye(5), atol=1e-10)


def test_square_bases_come_closest_of_all_rotations():
    views = planted(p=5, q=5)
    X, Z = ((v - v.mean(0)) / v.std(0) for v in views.values())
    space = CFA(5, normalize=False).fit(views)
    A, B = (space.weights_[m] * space.deviations_[m][:, None] for m in views)
    least = np.linalg.norm(X @ A - Z @ B)
    rng = np.random.default_rng(0)
    for _ in range(200):
        Q, R = (np.linalg.qr(rng.standard_normal((5, 5)))[0] for _ in range(2))
        assert np.linalg.norm(X @ Q - Z @ R) > least


def test_attributes_are_those_of_the_scores():
    views = planted()
    space = CFA(4, normalize=False).fit(views)
    z = {m: out.astype(np.float64) for m, out in space.transform(views).items()}
    pairs = list(zip(z["image"].T, z["text"].T, strict=True))
    np.testing.assert_allclose(space.covariances_, [np.cov(a, b)[0, 1] for a, b in pairs], rtol=1e-4)
    np.testing.assert_allclose(space.correlations_, [np.corrcoef(a, b)[0, 1] for a, b in pairs], rtol=1e-4)


def test_a_zero_variance_column_is_given_no_weight():
    views = planted()
    views["image"][:, 2] = 7
    space = CFA(4).fit(views)
    np.testing.assert_allclose(space.weights_["image"][2], 0, atol=1e-12)
    assert np.isfinite(space.transform(views)["image"]).all()


@pytest.mark.parametrize("cls", [CFA, PLS])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_more_directions_than_columns_covary_in(cls: type[CFA | PLS], dtype: type):
    """A factorial design: both views vary in two factors, of which they share one."""
    a, b, c = np.tile(np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1), 5).astype(dtype)
    views = {"image": np.stack([a, a, b], 1), "text": np.stack([a, c], 1)}
    space = cls(scaling=1).fit(views)
    np.testing.assert_allclose(space.correlations_, [1.0], atol=1e-6)
    np.testing.assert_allclose(space.covariances_, [np.sqrt(2) * 40 / 39], rtol=0.05)
    np.testing.assert_allclose(space.transform(views)["text"], a[:, None], atol=1e-6)
    with pytest.raises(ParameterError, match="n_components=2, but views whose cross-covariance has rank 1 bear at"):
        cls(2).fit(views)
    with pytest.raises(InputError, match="no column of one covaries with a column of the other"):
        cls().fit({"image": np.stack([a, b], 1), "text": c[:, None]})
