"""How many canonical correlations are real."""

from __future__ import annotations

import numpy as np
import pytest

from commonspace import CCA
from commonspace.errors import InputError, ParameterError

from .planted import planted


@pytest.mark.parametrize("shared", [0, 1, 3])
@pytest.mark.parametrize("ridge", [0, 1.0])
def test_as_many_are_real_as_were_planted(shared: int, ridge: float):
    test = CCA(ridge=ridge).permutation_test(planted(n=300, shared=shared, noise=0.5), n_permutations=99)
    assert test.n_components == shared
    assert len(test.p_values) == shared + 1
    assert (np.diff(test.p_values) >= 0).all()
    assert (test.p_values[:shared] == 0.01).all()


def test_noise_is_called_real_no_more_often_than_alpha():
    rng = np.random.default_rng(0)
    found = [
        CCA(ridge=0)
        .permutation_test(
            {"image": rng.standard_normal((40, 3)), "text": rng.standard_normal((40, 2))},
            n_permutations=39,
            alpha=0.1,
            random_state=seed,
        )
        .n_components
        > 0
        for seed in range(200)
    ]
    assert 0.04 < np.mean(found) < 0.16


def test_the_first_p_value_is_that_of_plain_permutations():
    views = planted(n=60, shared=1, noise=6.0)
    test = CCA(ridge=0).permutation_test(views, n_permutations=50, alpha=0.5)
    rng, own = np.random.default_rng(0), CCA(1, ridge=0).fit(views).correlations_[0]
    larger = sum(
        CCA(1, ridge=0).fit({"image": views["image"], "text": views["text"][rng.permutation(60)]}).correlations_[0]
        >= own
        for _ in range(50)
    )
    assert 0 < larger < 50
    assert test.p_values[0] == (1 + larger) / 51


def test_the_same_seed_gives_the_same_p_values():
    views = planted(n=60, shared=1, noise=3.0)
    a, b = (CCA().permutation_test(views, alpha=0.9).p_values for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_what_cannot_be_tested_is_an_error():
    views = planted()
    with pytest.raises(InputError, match=r"text: expected shape .*parts of one item are no independent items"):
        CCA().permutation_test({"image": views["image"], "text": views["text"][:, None]})
    with pytest.raises(ParameterError, match="n_permutations=0"):
        CCA().permutation_test(views, n_permutations=0)
    with pytest.raises(ParameterError, match="alpha=1"):
        CCA().permutation_test(views, alpha=1)


def test_the_ridge_may_be_chosen_and_parameters_are_checked():
    views = planted(n=100, shared=1, noise=0.5)
    chosen = CCA(2, ridge="validation").fit(views).ridge_
    found = CCA(2, ridge="validation").permutation_test(views, n_permutations=5)
    np.testing.assert_array_equal(
        found.correlations, CCA(2, ridge=chosen).permutation_test(views, n_permutations=5).correlations
    )
    with pytest.raises(ParameterError, match="ridge"):
        CCA(2, ridge="valid").permutation_test(views, n_permutations=5)
