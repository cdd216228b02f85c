"""The bootstrap and Holm's correction against plain formulas and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from commonspace.errors import InputError, ParameterError
from commonspace.evaluation import holm, paired_bootstrap


def sample(seed: int, shift: float = 0.0, n: int = 200) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    items = np.arange(n)
    base = [rng.random(n), rng.random(n)]
    return [x + shift + 0.2 * rng.standard_normal(n) for x in base], base, [items, items]


def test_the_difference_is_that_of_the_means_over_directions():
    first, second, items = sample(0, 0.05)
    found = paired_bootstrap(first, second, items, resamples=500)
    assert found.difference == pytest.approx(np.mean([a.mean() - b.mean() for a, b in zip(first, second, strict=True)]))
    assert found.low < found.difference < found.high


def test_the_interval_is_that_of_the_normal_law_where_items_are_many():
    first, second, items = sample(1, 0.02, n=2000)
    per_item = (first[0] - second[0] + first[1] - second[1]) / 2
    found = paired_bootstrap(first, second, items, resamples=4000)
    half = norm.ppf(0.975) * per_item.std() / np.sqrt(len(per_item))
    np.testing.assert_allclose([found.low, found.high], per_item.mean() + np.array([-half, half]), atol=0.1 * half)


def test_swapping_the_two_turns_the_sign_and_keeps_p():
    first, second, items = sample(2, 0.02)
    there, back = (paired_bootstrap(a, b, items, resamples=999) for a, b in ((first, second), (second, first)))
    assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))
    assert there.p == pytest.approx(back.p)


def test_p_is_rarely_small_where_nothing_differs_and_small_where_much_does():
    p = [paired_bootstrap(*sample(seed), resamples=200).p for seed in range(100)]
    assert 0.0 <= np.mean(np.array(p) < 0.1) < 0.25
    assert np.median(p) > 0.25
    first, second, items = sample(3, 0.2)
    assert paired_bootstrap(first, second, items, resamples=999).p == pytest.approx(2 / 1000)
    assert paired_bootstrap(first, first, items, resamples=50).p == 1


def test_queries_of_one_item_stay_together():
    """Ten copies of each query tell nothing new: the interval stays as wide."""
    first, second, items = sample(4, 0.03)
    once = paired_bootstrap(first, second, items, resamples=2000)
    copied = [[np.repeat(x, 10) for x in part] for part in (first, second, items)]
    tenfold = paired_bootstrap(copied[0], copied[1], copied[2], resamples=2000)
    assert tenfold.high - tenfold.low == pytest.approx(once.high - once.low)
    alone = paired_bootstrap(copied[0], copied[1], [np.arange(2000)] * 2, resamples=2000)
    assert alone.high - alone.low < 0.5 * (once.high - once.low)


def test_what_is_nan_for_both_is_left_out():
    first, second, items = sample(5, 0.03)
    base = paired_bootstrap([x[50:] for x in first], [x[50:] for x in second], [i[50:] for i in items], resamples=300)
    a, b = ([np.where(np.arange(200) < 50, np.nan, x) for x in part] for part in (first, second))
    assert paired_bootstrap(a, b, items, resamples=300) == base


def test_what_cannot_be_compared():
    first, second, items = sample(6)
    with pytest.raises(InputError, match="same directions"):
        paired_bootstrap(first[:1], second, items)
    with pytest.raises(InputError, match="direction 0: expected the same queries"):
        paired_bootstrap([first[0][:-1], first[1]], second, items)
    with pytest.raises(InputError, match="direction 0: expected the same queries"):
        paired_bootstrap([np.where(items[0] == 3, np.nan, first[0]), first[1]], second, items)
    with pytest.raises(InputError, match="no query counts"):
        paired_bootstrap([np.full(200, np.nan)], [np.full(200, np.nan)], items[:1])
    with pytest.raises(InputError, match="direction 1: no query counts"):
        paired_bootstrap([[1, 0], []], [[0, 0], []], [[0, 1], []])
    with pytest.raises(ParameterError, match="resamples"):
        paired_bootstrap(first, second, items, resamples=0)


def test_holm_on_the_example_of_textbooks_and_its_bounds():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    p = np.random.default_rng(0).random(50)
    corrected = holm(p)
    assert (corrected >= p).all()
    assert (corrected <= np.minimum(1, 50 * p) + 1e-12).all()  # Bonferroni is never better
    np.testing.assert_array_equal(np.argsort(corrected[np.argsort(p)], kind="stable"), np.arange(50))
    np.testing.assert_array_equal(holm([0.2]), [0.2])
    assert holm([]).shape == (0,)
