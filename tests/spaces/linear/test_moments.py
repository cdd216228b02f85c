from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.spaces.linear import moments
from commonspace.spaces.linear.moments import Moments, centred_moments

Array = NDArray[Any]


def covariances(X: Array, Z: Array) -> tuple[Array, Array, Array]:
    found = centred_moments({"x": X, "z": Z})
    return found.covariance("x", "x"), found.covariance("z", "z"), found.covariance("x", "z")


def mean(X: Array) -> Array:
    return centred_moments({"x": X}).means("x")


@pytest.mark.parametrize("block", [1, 7, 50, 4096])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments_are_those_of_numpy_whatever_the_block(block: int, dtype: type, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(moments, "BLOCK", block)
    rng = np.random.default_rng(0)
    X, Z = (3 + rng.standard_normal((50, d)) @ rng.standard_normal((d, d)) for d in (4, 3))
    X, Z = X.astype(dtype), Z.astype(dtype)
    found = centred_moments({"x": X, "z": Z})
    expected = np.cov(np.hstack([X, Z]).astype(np.float64), rowvar=False)
    rtol = 1e-12 if dtype == np.float64 else 1e-5
    scale = np.abs(expected).max()
    assert found.n == 50
    np.testing.assert_allclose(found.covariance("x", "x"), expected[:4, :4], atol=rtol * scale)
    np.testing.assert_allclose(found.covariance("z", "z"), expected[4:, 4:], atol=rtol * scale)
    np.testing.assert_allclose(found.covariance("x", "z"), expected[:4, 4:], atol=rtol * scale)
    np.testing.assert_array_equal(found.covariance("z", "x"), found.covariance("x", "z").T)
    np.testing.assert_allclose(found.means("x"), X.mean(0, dtype=np.float64), rtol=1e-7)
    np.testing.assert_allclose(found.means("z"), Z.mean(0, dtype=np.float64), rtol=1e-7)
    assert {found.mean.dtype, found.scatter.dtype} == {np.dtype(np.float64)}


@pytest.mark.parametrize("value", [0.1, 1000.1, -1e-30, 1e6 + 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_column_that_never_varies_has_its_value_as_mean_and_no_variance(value: float, dtype: type):
    X: NDArray[Any] = np.full((1003, 2), value, dtype)
    np.testing.assert_array_equal(mean(X), X[0])
    np.testing.assert_array_equal(covariances(X, X)[0], np.zeros((2, 2)))


def test_single_precision_far_from_zero_keeps_its_covariance():
    rng = np.random.default_rng(1)
    X = (1000 + rng.standard_normal((20_000, 5))).astype(np.float32)
    exact = np.cov(X.astype(np.float64), rowvar=False)
    np.testing.assert_allclose(covariances(X, X)[0], exact, atol=1e-6)
    # What it is about: products of raw columns lose it.
    naive = (X.T @ X).astype(np.float64) / len(X) - np.outer(X.mean(0), X.mean(0))
    assert np.abs(naive - exact).max() > 0.01


@pytest.mark.parametrize("block", [1, 100, 1000, 5000])
@pytest.mark.parametrize("order", ["at random", "sorted"])
def test_single_precision_agrees_with_double_whatever_the_block_and_the_order(
    block: int, order: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(moments, "BLOCK", block)
    rng = np.random.default_rng(2)
    latent = rng.standard_normal((5000, 1))
    if order == "sorted":  # the means of blocks then differ by as much as the rows do
        latent = np.sort(latent, axis=0)
    X, Z = ((1000 + latent + rng.standard_normal((5000, d))).astype(np.float32) for d in (6, 4))
    sxx, szz, sxz = covariances(X, Z)
    exact = np.cov(np.hstack([X, Z]).astype(np.float64), rowvar=False)
    np.testing.assert_allclose(sxx, exact[:6, :6], atol=1e-6)
    np.testing.assert_allclose(szz, exact[6:, 6:], atol=1e-6)
    np.testing.assert_allclose(sxz, exact[:6, 6:], atol=1e-6)
    np.testing.assert_allclose(mean(X), X.mean(0, dtype=np.float64), rtol=1e-9)


def test_one_view_in_single_and_one_in_double_precision_are_summed_in_double():
    rng = np.random.default_rng(3)
    X, Z = rng.standard_normal((300, 4)).astype(np.float32), rng.standard_normal((300, 3))
    exact = np.cov(np.hstack([X, Z]), rowvar=False)
    np.testing.assert_allclose(covariances(X, Z)[0], exact[:4, :4], atol=1e-13)
    np.testing.assert_allclose(covariances(X, Z)[2], exact[:4, 4:], atol=1e-13)


@pytest.mark.parametrize("layout", ["columns first", "every other row", "reversed"])
def test_memory_layout_does_not_matter_and_the_views_are_left_alone(layout: str):
    X = np.random.default_rng(4).standard_normal((90, 5))
    view = {"columns first": np.asfortranarray(X), "every other row": X[::2], "reversed": X[::-1, ::-1]}[layout]
    before = view.copy()
    np.testing.assert_allclose(covariances(view, view)[2], np.cov(before, rowvar=False), atol=1e-14)
    np.testing.assert_array_equal(view, before)


def test_numbers_on_a_coarse_grid_have_no_biased_variance():
    # Far from zero, float32 numbers are multiples of one step; the squares of multiples would round upwards.
    X = (1000 + np.random.default_rng(5).standard_normal((20_000, 200))).astype(np.float32)
    variance = X.astype(np.float64).var(0, ddof=1)
    error = np.diag(covariances(X, X[:, :1])[0]) / variance - 1
    assert abs(error.mean()) < 2e-8


# Sets of rows put together


def merged(parts: list[dict[str, Array]]) -> Moments:
    total, *others = (centred_moments(part) for part in parts)
    for other in others:
        total = total.merged(other)
    return total


@pytest.mark.parametrize("cuts", [[1], [1, 2, 3], [40, 41], list(range(1, 60))])
def test_the_moments_of_batches_are_those_of_all_rows(cuts: list[int]):
    rng = np.random.default_rng(6)
    views = {"x": 100 + rng.standard_normal((60, 4)), "z": rng.standard_normal((60, 3)) - 5}
    batches = [
        dict(zip(views, parts, strict=True)) for parts in zip(*(np.split(v, cuts) for v in views.values()), strict=True)
    ]
    found, expected = merged(batches), centred_moments(views)
    assert found.n == 60
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-13)
    for pair in (("x", "x"), ("z", "z"), ("x", "z"), ("z", "x")):
        np.testing.assert_allclose(found.block(*pair), expected.block(*pair), atol=1e-10)


def test_the_least_precision_of_batches_is_that_of_the_whole():
    X = np.random.default_rng(7).standard_normal((20, 2))
    assert merged([{"x": X}, {"x": X.astype(np.float32)}]).eps == np.finfo(np.float32).eps
