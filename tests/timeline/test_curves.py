from __future__ import annotations

import numpy as np
import pytest

from commonspace.spaces.temporal.instants import Clock
from commonspace.timeline.curves import Curve, bootstrap, resultant


def cap(n: int, k: int, spread: float, rng: np.random.Generator) -> np.ndarray:
    rows = np.eye(k)[0] + spread * rng.standard_normal((n, k))
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def test_the_length_of_a_mean_does_not_depend_on_how_many_items_it_is_of():
    rng = np.random.default_rng(0)
    population = np.linalg.norm(cap(200_000, 5, 0.5, rng).mean(0))
    for n in (4, 10, 50):
        squares = [resultant(np.full((1, n), 1 / n), cap(n, 5, 0.5, rng))[1][0] ** 2 for _ in range(4000)]
        assert np.mean(squares) == pytest.approx(population**2, abs=0.01)
        plain = [np.linalg.norm(cap(n, 5, 0.5, rng).mean(0)) ** 2 for _ in range(1000)]
        assert np.mean(plain) - population**2 == pytest.approx((1 - population**2) / n, abs=0.015)


def test_items_that_are_alike_have_length_one():
    rows = np.tile(np.eye(3)[1], (7, 1))
    assert resultant(np.full((1, 7), 1 / 7), rows)[1][0] == pytest.approx(1)


def test_the_interval_of_a_mean_is_that_of_normal_theory():
    rng = np.random.default_rng(1)
    x = rng.standard_normal(400)
    value, low, high = bootstrap(lambda a: a @ x, (400,), repeats=4000, confidence=0.95, rng=rng)
    half = 1.96 * x.std() / 20
    assert value == pytest.approx(x.mean())
    assert (low, high) == pytest.approx((x.mean() - half, x.mean() + half), abs=0.01)


def test_a_curve_as_json_and_text():
    one, gone = np.array([0.5, np.nan]), np.array([0.6, np.nan])
    edges, counts = np.array([0.0, 10, 20]), np.array([5, 1])
    curve = Curve("dispersion of war", edges, one, one - 0.1, gone, counts, Clock("number", 0, 20))
    assert curve.to_dict()["bins"] == [
        {"from": "0", "to": "10", "value": 0.5, "low": 0.4, "high": 0.6, "items": 5},
        {"from": "10", "to": "20", "value": None, "low": None, "high": None, "items": 1},
    ]
    assert str(curve).splitlines() == [
        "dispersion of war",
        "  0 to 10: 0.500 [0.400, 0.600], 5 items",
        "  10 to 20: nothing, 1 items",
    ]
    np.testing.assert_array_equal(curve.centres, [5, 15])
