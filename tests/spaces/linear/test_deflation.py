from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import linalg

from commonspace.spaces.linear import deflation
from commonspace.spaces.linear.deflation import SMALL, DeflatedMatrix, leading_eigenvector

Array = NDArray[np.float64]
SIZE = SMALL + 26
SPECTRA: dict[str, Array] = {
    "flat": np.linspace(1, 0.9, SIZE),
    "steep": np.geomspace(1, 1e-12, SIZE),
    "a tie but for six digits": np.concatenate([[1, 1 - 1e-6, 1 - 2e-6], np.linspace(0.5, 0.1, SIZE - 3)]),
    "of low rank": np.concatenate([[1, 0.5, 0.25, 0.2, 0.1, 0.05], np.zeros(SIZE - 6)]),
    "one alone": np.concatenate([[1], np.full(SIZE - 1, 1e-3)]),
}


def orthogonal(d: int, seed: int) -> Array:
    return np.asarray(np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0])


def matrix(values: Array, p: int, seed: int = 0) -> Array:
    """(p, q) of these singular values."""
    U, V = orthogonal(p, seed)[:, : len(values)], orthogonal(len(values), seed + 1)
    return np.asarray(U * values @ V.T)


def by_plain_steps(C: Array, steps: int, seed: int = 3) -> tuple[list[tuple[Array, float, Array]], list[Array]]:
    """Leading pairs by a whole decomposition of every deflated matrix, and the loadings used, near the vectors."""
    rng, pairs, loadings = np.random.default_rng(seed), [], []
    for _ in range(steps):
        U, values, Vt = linalg.svd(C, full_matrices=False)
        u, v = U[:, 0], Vt[0]
        p = u + 0.1 * (np.eye(len(u)) - np.outer(u, u)) @ rng.standard_normal(len(u)) / np.sqrt(len(u))
        q = v + 0.1 * (np.eye(len(v)) - np.outer(v, v)) @ rng.standard_normal(len(v)) / np.sqrt(len(v))
        pairs.append((u, float(values[0]), v))
        loadings += [p, q]
        C = (np.eye(len(u)) - np.outer(p, u)) @ C @ (np.eye(len(v)) - np.outer(v, q))
    return pairs, loadings


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("spectrum", ["flat", "steep", "a tie but for six digits", "one alone"])
def test_pairs_are_those_of_a_decomposition_at_every_step(spectrum: str, turned: bool):
    C = matrix(SPECTRA[spectrum], SIZE + 15)
    C = C.T if turned else C
    kept = C.copy()
    steps = 3 if spectrum == "a tie but for six digits" else 12  # what is left of a tie is a tie of its rounding
    expected, loadings = by_plain_steps(C, steps)
    left = DeflatedMatrix(C)
    for (u, value, v), p, q in zip(expected, loadings[::2], loadings[1::2], strict=True):
        found_u, found, found_v = left.leading()
        assert found == pytest.approx(value, rel=1e-12)
        sign = np.sign(found_u @ u)
        np.testing.assert_allclose(found_u * sign, u, atol=1e-8)
        np.testing.assert_allclose(found_v * sign, v, atol=1e-8)
        left.deflate((u, p), (v, q))
    np.testing.assert_array_equal(C, kept)


@pytest.mark.parametrize("gap", [1e-9, 1e-13, 0.0])
def test_where_values_are_equal_any_pair_of_theirs_is_found(gap: float):
    values = np.concatenate([[1, 1 - gap, 1 - 2 * gap], np.linspace(0.5, 0.1, SIZE - 3)])
    C = matrix(values, SIZE)
    u, value, v = DeflatedMatrix(C).leading()
    assert value == pytest.approx(1, abs=3 * gap + 1e-14)
    np.testing.assert_allclose(C @ v, value * u, atol=1e-14)
    np.testing.assert_allclose(C.T @ u, value * v, atol=1e-10)


def test_small_values_keep_their_digits_after_many_steps():
    """The products alone, followed from 1 down to 1e-9, would be rounding: their square is 1e-18."""
    values = np.geomspace(1, 1e-9, SIZE)
    left = DeflatedMatrix(matrix(values, SIZE + 15))
    for value in values:
        u, found, v = left.leading()
        assert found == pytest.approx(value, rel=1e-5)
        left.deflate((u, u), (v, v))


def test_what_is_no_pair_is_decomposed(monkeypatch: pytest.MonkeyPatch):
    C = matrix(SPECTRA["flat"], SIZE)
    for answer in (None, np.eye(SIZE)[0]):
        monkeypatch.setattr(deflation, "leading_eigenvector", lambda G, start, answer=answer: answer)
        u, value, v = DeflatedMatrix(C).leading()
        assert value == pytest.approx(1)
        np.testing.assert_allclose(C @ v, value * u, atol=1e-12)


def test_nothing_left_is_a_pair_of_value_zero():
    u, value, v = DeflatedMatrix(np.zeros((SIZE + 1, SIZE))).leading()
    assert value == 0
    assert np.linalg.norm(u) == pytest.approx(1)
    assert np.linalg.norm(v) == pytest.approx(1)


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_the_leading_eigenvector_is_that_of_the_whole_decomposition(spectrum: str):
    Q, values = orthogonal(SIZE, 5), SPECTRA[spectrum]
    G = (Q * values) @ Q.T
    found = leading_eigenvector(np.tril(G), np.random.default_rng(0).standard_normal(SIZE))
    assert found is not None
    gap = (values[0] - values[1]) / values[0]
    np.testing.assert_allclose(found * np.sign(found @ Q[:, 0]), Q[:, 0], atol=1e-13 / gap)


def test_a_search_without_end_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deflation, "STEPS", 10)
    G = np.diag(SPECTRA["flat"])
    assert leading_eigenvector(G, np.ones(SIZE)) is None
