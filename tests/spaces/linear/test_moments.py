from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.spaces.linear import moments
from commonspace.spaces.linear.moments import centred_moments, column_means


@pytest.mark.parametrize("block", [1, 7, 50, 4096])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments_are_those_of_numpy_whatever_the_block(block: int, dtype: type, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(moments, "BLOCK", block)
    rng = np.random.default_rng(0)
    X, Z = (3 + rng.standard_normal((50, d)) @ rng.standard_normal((d, d)) for d in (4, 3))
    X, Z = X.astype(dtype), Z.astype(dtype)
    found = centred_moments(X, Z)
    expected = np.cov(np.hstack([X, Z]).astype(np.float64), rowvar=False)
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    scale = np.abs(expected).max()
    assert found.n == 50
    np.testing.assert_allclose(found.sxx, expected[:4, :4], atol=rtol * scale)
    np.testing.assert_allclose(found.szz, expected[4:, 4:], atol=rtol * scale)
    np.testing.assert_allclose(found.sxz, expected[:4, 4:], atol=rtol * scale)
    np.testing.assert_allclose(found.mean_x, X.mean(0, dtype=np.float64), rtol=1e-7)
    np.testing.assert_allclose(found.mean_z, Z.mean(0, dtype=np.float64), rtol=1e-7)
    assert {a.dtype for a in (found.sxx, found.szz, found.sxz, found.mean_x, found.mean_z)} == {np.dtype(np.float64)}


@pytest.mark.parametrize("value", [0.1, 1000.1, -1e-30, 1e6 + 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_column_that_never_varies_has_its_value_as_mean_and_no_variance(value: float, dtype: type):
    X: NDArray[Any] = np.full((1003, 2), value, dtype)
    np.testing.assert_array_equal(column_means(X), X[0])
    np.testing.assert_array_equal(centred_moments(X, X).sxx, np.zeros((2, 2)))


def test_single_precision_far_from_zero_keeps_its_covariance():
    rng = np.random.default_rng(1)
    X = (1000 + rng.standard_normal((20_000, 5))).astype(np.float32)
    exact = np.cov(X.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(centred_moments(X, X).sxx, exact, atol=1e-5)
    # What it is about: products of raw columns lose it.
    naive = (X.T @ X).astype(np.float64) / len(X) - np.outer(X.mean(0), X.mean(0))
    assert np.abs(naive - exact).max() > 0.01
