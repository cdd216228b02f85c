"""Laplacians of nearest neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonspace.spaces.supervised import neighbours
from commonspace.spaces.supervised.neighbours import laplacian, paper_laplacian


def weight(distance: float) -> float:
    return float(1 / (1 + np.exp(distance)))


def test_a_graph_of_four_points_on_a_line():
    X = np.array([[0.0], [1.0], [3.0], [7.0]])  # nearest: 0-1, 1-0, 2-1, 3-2
    a, b, c = weight(1), weight(2), weight(4)
    d = [a, a + b, b + c, c]
    W = np.array([[0, a, 0, 0], [a, 0, b, 0], [0, b, 0, c], [0, 0, c, 0]])
    expected = np.eye(4) - W / np.sqrt(np.outer(d, d))
    np.testing.assert_allclose(laplacian(X, 1).toarray(), expected, atol=1e-12)
    full = np.array([[weight(abs(x - y)) for y in (0, 1, 3, 7)] for x in (0, 1, 3, 7)])
    joined = [1, 2, 2, 1]
    np.testing.assert_allclose(paper_laplacian(X, 1), np.eye(4) - full / np.sqrt(np.outer(joined, joined)), atol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 40), st.sampled_from([0.0, 1e-3, 1.0, 1e5]))
def test_it_is_positive_semidefinite_and_zero_for_smooth_functions(seed: int, n: int, k: int, scale: float):
    X = scale * np.random.default_rng(seed).standard_normal((n, 3))
    L = laplacian(X, k)
    assert np.isfinite(L.data).all()
    values = np.linalg.eigvalsh(L.toarray())
    assert values[0] > -1e-12
    assert values[-1] < 2 + 1e-12
    assert abs(values[0]) < 1e-9  # sqrt(degree) is perfectly smooth
    np.testing.assert_allclose(L.toarray(), L.toarray().T)


def test_it_stays_sparse_and_neighbours_are_not_more_than_there_are():
    X = np.random.default_rng(0).standard_normal((500, 4))
    assert laplacian(X, 5).nnz <= 500 * 11
    np.testing.assert_array_equal(laplacian(X[:6], 100).toarray(), laplacian(X[:6], 5).toarray())


@pytest.mark.parametrize("n", [0, 1])
def test_a_row_without_others_is_free(n: int):
    assert laplacian(np.ones((n, 3)), 5).nnz == 0


def test_equal_rows_are_the_nearest_neighbours():
    X = np.array([[0.0], [0.0], [9.0], [9.0]])
    L = laplacian(X, 1).toarray()
    np.testing.assert_allclose(L, np.kron(np.eye(2), [[1, -1], [-1, 1]]), atol=1e-12)


def test_long_distances_do_not_lose_the_graph():
    X = np.random.default_rng(0).standard_normal((20, 3)) * 1e4
    X[:, 0] = np.arange(20) * 1000  # exp(-1000) is zero, yet neighbours are neighbours
    X[:, 1:] = 0
    np.testing.assert_allclose(laplacian(X, 1).toarray()[0, :2], [1, -np.sqrt(0.5)], atol=1e-6)


@pytest.mark.parametrize("d", [3, neighbours.FEW, neighbours.FEW + 1, 12, 40])
def test_neighbours_and_distances_are_those_of_all_distances_sorted(d: int):
    X = np.random.default_rng(d).standard_normal((120, d))
    distances = np.sqrt(np.square(X[:, None] - X).sum(2))
    expected = np.zeros_like(distances)
    for row, others in zip(expected, distances, strict=True):
        nearest = np.argsort(others)[1:8]  # the first is the row itself
        row[nearest] = others[nearest]
    np.testing.assert_allclose(neighbours._neighbours(X, 7).toarray(), expected, atol=1e-12)


@pytest.mark.parametrize("d", [2, 30])
def test_a_row_is_no_neighbour_of_its_own_among_equal_rows(d: int):
    X = np.repeat(np.random.default_rng(0).standard_normal((5, d)), 3, axis=0)
    found = neighbours._neighbours(X, 2)
    np.testing.assert_allclose(found.data, 0, atol=1e-7)
    np.testing.assert_array_equal(found.indices // 3, np.repeat(np.arange(5), 6))
    assert all(row not in found.indices[2 * row : 2 * row + 2] for row in range(15))
