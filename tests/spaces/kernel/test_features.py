"""Kernel features: inner products are the centred kernel, in and out of sample, exactly and approximately."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError
from commonspace.spaces.kernel import features as features_module
from commonspace.spaces.kernel.features import KernelFeatures, fit_features
from commonspace.spaces.kernel.kernels import KERNELS, kernel_of

Array = NDArray[Any]


def rows(n: int = 120, d: int = 6, seed: int = 0) -> NDArray[np.float64]:
    return np.abs(np.random.default_rng(seed).standard_normal((n, d)))


def centred(K: Array) -> Array:
    return np.asarray(K - K.mean(0) - K.mean(1)[:, None] + K.mean())


@pytest.mark.parametrize("name", KERNELS)
def test_inner_products_of_exact_features_are_the_centred_kernel(name: str):
    X = rows()
    fitted, F = fit_features(X, kernel_of("image", name), energy=1)
    np.testing.assert_allclose(F @ F.T, centred(fitted.kernel(X, X)), atol=1e-10)
    np.testing.assert_allclose(F.mean(0), 0, atol=1e-12)
    assert (np.diff((F**2).sum(0)) <= 1e-10).all()


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("approximation", ["exact", "nystroem"])
def test_training_rows_have_the_same_features_out_of_sample(name: str, approximation: str):
    X = rows()
    fitted, F = fit_features(X, kernel_of("image", name), approximation=approximation, landmarks=40, random_state=0)
    np.testing.assert_allclose(fitted.transform(X), F, atol=1e-10)
    np.testing.assert_allclose(fitted.transform(X[7:8]), F[7:8], atol=1e-10)


def test_new_rows_are_centred_by_the_training_rows():
    X, new = rows(), rows(30, seed=1)
    fitted, F = fit_features(X, kernel_of("image", "rbf"), energy=1)
    K, k = fitted.kernel(X, X), fitted.kernel(new, X)
    expected = k - K.mean(0) - k.mean(1)[:, None] + K.mean()  # as textbooks centre
    np.testing.assert_allclose(fitted.transform(new) @ F.T, expected, atol=1e-9)


@pytest.mark.parametrize("name", KERNELS)
def test_nystroem_with_all_rows_as_landmarks_is_exact(name: str):
    X = rows()
    _, exact = fit_features(X, kernel_of("image", name), approximation="exact")
    _, approximate = fit_features(X, kernel_of("image", name), approximation="nystroem", landmarks=120)
    np.testing.assert_allclose(approximate, exact, atol=1e-9)


def test_nystroem_is_exact_where_the_landmarks_span_all_features():
    X = rows(400, d=5)
    _, F = fit_features(X, kernel_of("image", "linear"), approximation="nystroem", landmarks=20, energy=1)
    np.testing.assert_allclose(F @ F.T, centred(X @ X.T), atol=1e-9)


@pytest.mark.parametrize("approximation", ["nystroem", "fourier"])
def test_an_approximation_nears_the_kernel_with_more_landmarks(approximation: str):
    X = rows(600, d=3)
    kernel = kernel_of("image", "rbf").fitted(X)
    K = centred(kernel(X, X))
    errors = []
    for m in (20, 100, 500):
        _, F = fit_features(X, kernel, approximation=approximation, landmarks=m, energy=1, random_state=0)
        errors.append(np.linalg.norm(F @ F.T - K) / np.linalg.norm(K))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < (2e-3 if approximation == "nystroem" else 0.15)


def test_random_frequencies_are_those_of_the_width():
    X = rows(50)
    frequencies = np.random.default_rng(0).standard_normal((20_000, 6)) * np.sqrt(2 * 0.3)
    Z = features_module.fourier_map(X, frequencies)
    np.testing.assert_allclose(Z @ Z.T, kernel_of("image", "rbf", gamma=0.3)(X, X), atol=0.04)
    single = X.astype(np.float32)
    np.testing.assert_allclose(
        features_module.fourier_map(single, frequencies[:50]),
        features_module.fourier_map(single.astype(np.float64), frequencies[:50]),
        atol=1e-6,
    )
    fitted, _ = fit_features(
        X, kernel_of("image", "rbf", gamma=0.3), approximation="fourier", landmarks=20_000, random_state=1
    )
    assert fitted.landmarks.std() == pytest.approx(np.sqrt(0.6), rel=0.01)


@pytest.mark.parametrize(("energy", "n_features"), [(0.5, 500), (0.9, 500), (1.0, 7), (0.99, 3)])
def test_features_are_kept_until_the_share_of_the_trace_or_their_number_is_reached(energy: float, n_features: int):
    X = rows()
    fitted, F = fit_features(X, kernel_of("image", "rbf"), energy=energy, n_features=n_features)
    values = np.linalg.eigvalsh(centred(fitted.kernel(X, X)))[::-1]
    shares = np.cumsum(values) / values.sum()
    assert F.shape[1] == min(n_features, int(np.argmax(shares >= energy)) + 1 if energy < 1 else n_features)
    np.testing.assert_allclose((F**2).sum(0), values[: F.shape[1]], rtol=1e-8)


@pytest.mark.parametrize("approximation", ["exact", "nystroem", "fourier"])
def test_a_map_comes_back_from_its_state(approximation: str):
    X = rows().astype(np.float32)
    fitted, _ = fit_features(X, kernel_of("image", "rbf"), approximation=approximation, landmarks=30, random_state=0)
    state = fitted.state()
    assert all(isinstance(value, str | int | float | np.ndarray | None) for value in state.values())
    np.testing.assert_array_equal(KernelFeatures.from_state(state).transform(X), fitted.transform(X))


def test_a_linear_map_after_the_features_is_a_map_of_the_same_kind():
    X, A, mean = rows(), np.random.default_rng(1).standard_normal((10, 4)), np.arange(10.0)
    fitted, F = fit_features(X, kernel_of("image", "rbf"), n_features=10, energy=1)
    np.testing.assert_allclose(fitted.then(A, mean).transform(X), (F - mean) @ A, atol=1e-9)


def test_blocks_of_rows_make_no_difference(monkeypatch: pytest.MonkeyPatch):
    X = rows()
    fitted, F = fit_features(X, kernel_of("image", "chi2"))
    monkeypatch.setattr(features_module, "BLOCK", 7 * 120)
    np.testing.assert_allclose(fitted.transform(X), F, atol=1e-10)
    monkeypatch.setattr(features_module, "BLOCK", 1)
    np.testing.assert_allclose(fitted.transform(X), F, atol=1e-10)


def test_a_function_sees_no_more_than_a_block(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(features_module, "BLOCK", 1000)
    shapes: list[tuple[int, int]] = []

    def kernel(X: Array, Y: Array) -> Array:
        shapes.append((len(X), len(Y)))
        return np.asarray(X @ Y.T)

    fit_features(rows(500), kernel_of("image", kernel), approximation="nystroem", landmarks=50, random_state=0)
    assert shapes[0] == (50, 50)
    assert set(shapes[1:]) == {(20, 50)}


@pytest.mark.parametrize(
    ("name", "approximation"),
    [("rbf", "nystroem"), ("chi2", "nystroem"), ("intersection", "nystroem"), ("rbf", "fourier")],
)
def test_memory_for_many_rows_is_the_result_and_a_few_blocks(name: str, approximation: str):
    X = np.random.default_rng(0).random((20_000, 32), np.float32)
    tracemalloc.start()
    fit_features(
        X, kernel_of("image", name), approximation=approximation, landmarks=400, n_features=100, random_state=0
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    result, block = 20_000 * 100 * 4, 8 * features_module.BLOCK
    assert peak < result + 3.2 * block  # 107 MB of blocks; the whole kernel would be 3,200 MB
    assert 20 * peak < 20_000 * 20_000 * 8


def test_the_seed_draws_the_landmarks():
    X = rows(500)
    first, again, other = (
        fit_features(X, kernel_of("image", "rbf"), approximation="nystroem", landmarks=30, random_state=seed)[0]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.weights, again.weights)
    assert not np.array_equal(first.landmarks, other.landmarks)
    assert all((landmark == X).all(1).any() for landmark in first.landmarks)


def test_auto_is_exact_for_few_rows_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(features_module, "EXACT_ROWS", 100)
    assert len(fit_features(rows(100), kernel_of("image", "rbf"), landmarks=50)[0].landmarks) == 100
    assert len(fit_features(rows(101), kernel_of("image", "rbf"), landmarks=50)[0].landmarks) == 50


def test_the_training_rows_are_the_maps_own():
    X = rows()
    fitted, _ = fit_features(X, kernel_of("image", "rbf"))
    before = fitted.transform(X[:5].copy())
    new, X[:] = X[:5].copy(), 0
    np.testing.assert_array_equal(fitted.transform(new), before)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("value", [0.0, 0.1, 1000.1])
@pytest.mark.parametrize("approximation", ["exact", "nystroem"])
def test_rows_that_never_vary_have_no_features(name: str, value: float, approximation: str):
    X = np.full((60, 5), value)
    fitted, F = fit_features(X, kernel_of("image", name), approximation=approximation, landmarks=20)
    assert F.shape == (60, 0)
    assert fitted.transform(X[:3]).shape == (3, 0)


def test_duplicated_rows_add_no_feature():
    X = rows(20)
    _, F = fit_features(np.repeat(X, 5, axis=0), kernel_of("image", "rbf"), energy=1)
    assert F.shape == (100, 19)
    np.testing.assert_allclose(F[::5], F[4::5], atol=1e-10)


def test_directions_of_negative_eigenvalue_are_left_out():
    X = rows(60, d=4)
    signs = np.array([1, 1, -1, 1])
    _, F = fit_features(X, kernel_of("image", lambda A, B: (A * signs) @ B.T), energy=1)
    values = np.linalg.eigvalsh(centred((X * signs) @ X.T))
    assert F.shape[1] == np.sum(values > 1e-9) < np.linalg.matrix_rank(centred((X * signs) @ X.T))


def test_what_is_no_kernel_is_an_error():
    with pytest.raises(InputError, match="image: expected a kernel function that is symmetric, got"):
        fit_features(rows(), kernel_of("image", lambda X, Y: X[:, :1] @ np.ones((1, len(Y)))))
    with pytest.raises(ParameterError, match="'fourier' is for the rbf kernel, and image has 'chi2'; use 'nystroem'"):
        fit_features(rows(), kernel_of("image", "chi2"), approximation="fourier")
    with pytest.raises(InputError, match="image: expected at least two rows to fit a kernel to, got 1"):
        fit_features(rows(1), kernel_of("image", "rbf"))
