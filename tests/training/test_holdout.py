from __future__ import annotations

import numpy as np
import pytest

from commonspace.training.holdout import stratified_holdout

from .small import one_hot


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_the_same_share_of_each_class(fraction: float):
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [200, 40, 80]))
    mask = stratified_holdout(one_hot(labels, 3), 320, fraction, 0)
    counts = [int(mask[labels == c].sum()) for c in range(3)]
    np.testing.assert_allclose(counts, fraction * np.array([200, 40, 80]), atol=1)
    assert mask.sum() == pytest.approx(fraction * 320, abs=1)


def test_small_classes_give_their_share_between_them_and_keep_an_item():
    labels = np.repeat(np.arange(50), 2)
    mask = stratified_holdout(one_hot(labels, 50), 100, 0.1, 0)
    assert mask.sum() == pytest.approx(10, abs=1)
    assert np.bincount(labels[~mask], minlength=50).min() == 1


def test_what_classes_of_one_item_cannot_give_is_not_taken_from_a_large_one():
    labels = np.r_[np.arange(100), np.full(50, 100)]
    mask = stratified_holdout(one_hot(labels, 101), 150, 0.1, 0)
    assert not mask[:100].any()
    assert 4 <= mask[100:].sum() <= 7


def test_unlabelled_items_are_a_class_of_their_own_and_several_labels_count_for_the_first():
    unlabelled = one_hot([-1] * 40 + [0] * 20 + [1] * 20, 2)
    mask = stratified_holdout(unlabelled, 80, 0.1, 0)
    np.testing.assert_allclose([mask[:40].sum(), mask[40:60].sum(), mask[60:].sum()], [4, 2, 2], atol=1)
    several = one_hot([0] * 40 + [1] * 40, 3)
    several[:, 2] = 1
    np.testing.assert_array_equal(
        stratified_holdout(several, 80, 0.2, 0), stratified_holdout(one_hot([0] * 40 + [1] * 40, 2), 80, 0.2, 0)
    )


def test_without_targets_a_share_of_all():
    assert stratified_holdout(None, 200, 0.1, 0).sum() == 20


@pytest.mark.parametrize(("n", "fraction"), [(100, 0.0), (10, 0.1), (2, 0.9), (1, 0.5)])
def test_nothing_is_held_out_where_it_would_be_fewer_than_two(n: int, fraction: float):
    mask = stratified_holdout(None, n, fraction, 0)
    assert mask.shape == (n,)
    assert not mask.any()


def test_the_seed_decides_which():
    first, again, other = (stratified_holdout(None, 100, 0.2, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    often = np.mean([stratified_holdout(None, 20, 0.5, seed) for seed in range(400)], axis=0)
    np.testing.assert_allclose(often, 0.5, atol=0.13)  # the deviation is 0.025
