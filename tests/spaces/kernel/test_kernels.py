"""Kernels against loops that say what they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError
from commonspace.spaces.kernel.kernels import KERNELS, Kernel, kernel_of

Row = list[float]
GAMMA, DEGREE, COEF0 = 0.3, 2, 0.5


def dot(x: Row, y: Row) -> float:
    return sum(a * b for a, b in zip(x, y, strict=True))


LOOPS: dict[str, Callable[[Row, Row], float]] = {
    "linear": dot,
    "rbf": lambda x, y: math.exp(-GAMMA * sum((a - b) ** 2 for a, b in zip(x, y, strict=True))),
    "polynomial": lambda x, y: (GAMMA * dot(x, y) + COEF0) ** DEGREE,
    "chi2": lambda x, y: math.exp(-GAMMA * sum((a - b) ** 2 / (a + b) for a, b in zip(x, y, strict=True) if a + b > 0)),
    "intersection": lambda x, y: sum(min(a, b) for a, b in zip(x, y, strict=True)),
    "cosine": lambda x, y: dot(x, y) / math.sqrt(dot(x, x) * dot(y, y)),
}


def histograms(n: int, d: int = 7, seed: int = 0) -> NDArray[np.float64]:
    counts = np.random.default_rng(seed).poisson(1.5, (n, d)).astype(np.float64)
    counts[:, 0] += 1  # no row of zeros, of which there is no cosine
    return counts


def median_of(distance: Callable[[Row, Row], float], X: NDArray[np.float64]) -> float:
    rows = X.tolist()
    return float(np.median([distance(rows[i], rows[j]) for i in range(len(rows)) for j in range(i)]))


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_kernel_is_what_a_loop_says(name: str, dtype: Any):
    X, Y = histograms(9).astype(dtype), histograms(5, seed=1).astype(dtype)
    K = kernel_of("image", name, gamma=GAMMA, degree=DEGREE, coef0=COEF0)(X, Y)
    expected = [[LOOPS[name](x, y) for y in Y.tolist()] for x in X.tolist()]
    assert K.dtype == np.float64
    np.testing.assert_allclose(K, expected, atol=1e-12)


def test_every_kernel_has_a_loop():
    assert set(LOOPS) == set(KERNELS)


@pytest.mark.parametrize("name", ["linear", "rbf", "polynomial", "cosine"])
def test_kernels_that_are_for_all_numbers_take_negative_ones(name: str):
    X = np.random.default_rng(0).standard_normal((8, 4))
    K = kernel_of("image", name, gamma=GAMMA, degree=DEGREE, coef0=COEF0)(X, X)
    np.testing.assert_allclose(K, [[LOOPS[name](x, y) for y in X.tolist()] for x in X.tolist()], atol=1e-12)


def test_the_median_heuristic_is_one_over_the_median_distance():
    X = histograms(40) + np.random.default_rng(1).random((40, 7))
    squared = median_of(lambda x, y: sum((a - b) ** 2 for a, b in zip(x, y, strict=True)), X)
    chi2 = median_of(lambda x, y: sum((a - b) ** 2 / (a + b) for a, b in zip(x, y, strict=True)), X)
    assert kernel_of("image", "rbf").fitted(X).gamma == pytest.approx(1 / squared)
    assert kernel_of("image", "chi2").fitted(X).gamma == pytest.approx(1 / chi2)
    assert kernel_of("image", "polynomial").fitted(X).gamma == pytest.approx(1 / np.mean((X**2).sum(1)))
    assert kernel_of("image", "rbf", gamma=2.5).fitted(X).gamma == 2.5
    assert kernel_of("image", "linear").fitted(X).gamma is None


@pytest.mark.parametrize("name", ["rbf", "chi2", "polynomial"])
def test_units_do_not_matter_without_a_gamma(name: str):
    X = histograms(30)
    K, scaled = (kernel_of("image", name).fitted(c * X)(c * X, c * X) for c in (1.0, 1000.0))
    np.testing.assert_allclose(scaled, K, rtol=1e-9)


def test_many_rows_are_sampled_and_duplicates_do_not_make_the_width_zero():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((5000, 3))
    exact = 1 / np.median([np.sum((X[i] - X[j]) ** 2) for i, j in rng.integers(0, 5000, (20_000, 2)) if i != j])
    assert kernel_of("image", "rbf").fitted(X).gamma == pytest.approx(exact, rel=0.05)
    assert kernel_of("image", "rbf").fitted(np.repeat(X[:10], 50, axis=0)).gamma == pytest.approx(
        kernel_of("image", "rbf").fitted(X[:10]).gamma
    )


@pytest.mark.parametrize("name", ["rbf", "chi2", "polynomial"])
@pytest.mark.parametrize("value", [0.0, 0.1, 1000.1])
def test_rows_that_never_vary_give_a_kernel_all_the_same(name: str, value: float):
    X = np.full((12, 5), value)
    K = kernel_of("image", name).fitted(X)(X, X)
    assert np.isfinite(K).all()
    assert np.ptp(K) < 1e-9 * K.max()


@pytest.mark.parametrize("name", ["chi2", "intersection"])
def test_negative_numbers_are_no_histogram(name: str):
    X = histograms(6)
    kernel = kernel_of("text", name).fitted(X)
    X[3, 2] = -0.25
    message = rf"text: the {name} kernel .* non-negative columns, the smallest value is -0\.25"
    for call in (lambda: kernel(X, X[:2]), lambda: kernel_of("text", name).fitted(X)):
        with pytest.raises(InputError, match=message):
            call()


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda X, Y: np.ones(len(X)), r"image: the kernel function: expected shape \(6, 4\), .* got \(6,\)"),
        (lambda X, Y: Y @ X.T, r"image: the kernel function: expected shape \(6, 4\), .* got \(4, 6\)"),
        (lambda X, Y: 1.0, r"expected shape \(6, 4\), .* got \(\)"),
        (lambda X, Y: np.full((6, 4), np.nan), "image: the kernel function: expected finite numbers, got nan in row 0"),
        (lambda X, Y: np.diag([1, 1, np.inf, 1, 1, 1])[:, :4], "got inf in row 2, column 2"),
        (lambda X, Y: [["near"] * 4] * 6, r"image: the kernel function: expected an array of shape \(6, 4\)"),
        (lambda X, Y: None, r"image: the kernel function: expected"),
    ],
    ids=["one number per row", "transposed", "a scalar", "NaN", "infinity", "words", "None"],
)
def test_a_function_that_is_no_kernel_is_an_error(function: Any, message: str):
    with pytest.raises(InputError, match=message):
        kernel_of("image", function)(histograms(6), histograms(4, seed=1))


def test_a_function_keeps_its_own_array():
    kept = np.eye(6)
    X = histograms(6)
    K = Kernel("image", lambda *_: kept)(X, X)
    K += 1
    np.testing.assert_array_equal(kept, np.eye(6))


def test_each_modality_may_have_its_own_kernel_and_width():
    kernels: dict[str, Any] = {"image": "rbf", "text": np.inner}
    assert kernel_of("image", kernels, gamma={"image": 2.0}).function == "rbf"
    assert kernel_of("image", kernels, gamma={"image": 2.0}).gamma == 2.0
    assert kernel_of("text", kernels, gamma={"image": 2.0}).gamma is None
    with pytest.raises(ParameterError, match="kernel: names no kernel for 'sound', only for image, text"):
        kernel_of("sound", kernels)
    with pytest.raises(ParameterError, match="kernel: 'gauss' for image is none of linear, rbf"):
        kernel_of("image", {"image": "gauss"})
    with pytest.raises(ParameterError, match=r"gamma: expected a number above 0 for image, or None, got -1"):
        kernel_of("image", kernels, gamma={"image": -1})


def test_rbf_keeps_its_digits_far_from_zero():
    """Squared distances from products of rows near 1e8 are good to 1: as large as the distances themselves."""
    rng = np.random.default_rng(0)
    X, Y = rng.integers(0, 8, (20, 5)) / 8, rng.integers(0, 8, (15, 5)) / 8  # exact after a shift
    expected = np.exp(-0.7 * np.square(X[:, None] - Y).sum(2))
    np.testing.assert_allclose(Kernel("image", "rbf", 0.7)(X + 1e8, Y + 1e8), expected, atol=1e-12)
    near, far = (Kernel("image").fitted(rows).gamma for rows in (X, X + 1e8))
    assert far == pytest.approx(near, rel=1e-9)
