"""Reweighted least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from commonspace.spaces.supervised.penalised import SMOOTHING, GroupNorm, Quadratic


def test_the_norm_of_groups():
    norm = GroupNorm(["a", "b", "a"])
    P = np.array([[3.0, 0.0], [0.0, 5.0], [0.0, 4.0]])
    assert norm.value(P) == pytest.approx(np.sqrt(2) * 5 + 5)
    assert norm.dual(P) == pytest.approx(5)
    np.testing.assert_allclose(norm.ridge(P), [np.sqrt(2) / 10, 1 / 10, np.sqrt(2) / 10])
    assert GroupNorm([0]).value(np.zeros((1, 2))) == SMOOTHING


@given(st.integers(0, 10_000), st.sampled_from([0.0, 1e-7, 1.0]))
def test_the_ridge_touches_the_norm_and_is_nowhere_below_it(seed: int, scale: float):
    rng = np.random.default_rng(seed)
    norm = GroupNorm(rng.integers(0, 3, 6))
    at, elsewhere = scale * rng.standard_normal((6, 2)), rng.standard_normal((6, 2))

    def ridge(P: Any) -> float:
        return float(norm.ridge(at) @ (P**2).sum(1))

    assert norm.value(elsewhere) <= norm.value(at) + ridge(elsewhere) - ridge(at) + 1e-9
    step = 1e-3 * np.maximum(scale, SMOOTHING) * elsewhere
    slope = (norm.value(at + step) - norm.value(at - step)) - (ridge(at + step) - ridge(at - step))
    assert abs(slope) < 1e-4 * np.abs(step).sum() + 1e-14


@pytest.mark.parametrize("n", [20, 7])
@pytest.mark.parametrize("middle", ["none", "dense", "sparse"])
@pytest.mark.parametrize("spread", [1.0, 1e8])
def test_the_minimiser_solves_the_normal_equations_in_either_form(n: int, middle: str, spread: float):
    rng = np.random.default_rng(0)
    B, T, ridge = rng.standard_normal((n, 12)), rng.standard_normal((n, 3)), np.geomspace(1, spread, 12)
    factor = rng.standard_normal((n, n - 2))
    K = {"none": None, "dense": factor @ factor.T, "sparse": sparse.csr_array(factor @ factor.T)}[middle]
    dense = np.eye(n) if K is None else factor @ factor.T
    expected = np.linalg.solve(B.T @ dense @ B + np.diag(ridge), B.T @ T)
    np.testing.assert_allclose(Quadratic(B, K).minimiser(ridge, T), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("n", [20, 7])
def test_without_a_ridge_it_is_the_shortest_solution(n: int):
    rng = np.random.default_rng(0)
    B, T = rng.standard_normal((n, 12)), rng.standard_normal((n, 3))
    B[:, 1] = 2 * B[:, 0]
    np.testing.assert_allclose(Quadratic(B).minimiser(np.zeros(12), T), np.linalg.pinv(B) @ T, atol=1e-9)


def test_a_ridge_too_small_to_matter_is_no_failure():
    rng = np.random.default_rng(0)
    B = np.repeat(rng.standard_normal((20, 3)), 2, axis=1)
    T = rng.standard_normal((20, 2))
    P = Quadratic(B).minimiser(np.full(6, 1e-30), T)
    np.testing.assert_allclose(B @ P, B @ (np.linalg.pinv(B) @ T), atol=1e-6)


def test_no_matrix_of_columns_by_columns_where_there_are_more_of_them_than_rows():
    d = 200_000  # d x d would be 320 GB
    B = np.random.default_rng(0).standard_normal((5, d))
    for K in (None, sparse.eye_array(5)):
        assert Quadratic(B, K).minimiser(np.ones(d), np.ones((5, 1))).shape == (d, 1)
        assert Quadratic(B, K).minimiser(np.zeros(d), np.ones((5, 1))).shape == (d, 1)
