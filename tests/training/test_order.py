from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonspace.training.order import class_balanced, count_batches, shuffled

from .small import one_hot


@given(n=st.integers(1, 200), batch_size=st.integers(1, 250), seed=st.integers(0, 99))
def test_shuffled_has_every_item_once_in_batches_of_like_size(n: int, batch_size: int, seed: int):
    batches = shuffled(n, batch_size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches).tolist()) == list(range(n))
    sizes = [len(batch) for batch in batches]
    assert max(sizes) - min(sizes) <= 1
    assert len(batches) == count_batches(n, batch_size) == max(1, round(n / batch_size))


def test_shuffled_is_an_order_at_random():
    first = np.array([shuffled(6, 6, np.random.default_rng(seed))[0] for seed in range(2000)])
    # Each item is as likely in each place: 333 times, with a deviation of 17.
    for place in range(6):
        np.testing.assert_allclose(np.bincount(first[:, place], minlength=6), 333, atol=90)


@given(
    sizes=st.lists(st.integers(1, 20), min_size=2, max_size=9),
    per_class=st.integers(1, 6),
    batch_size=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_balanced_batches_have_as_many_items_of_each_of_their_classes(
    sizes: list[int], per_class: int, batch_size: int, seed: int
):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    batches = class_balanced(one_hot(labels, len(sizes)), batch_size, per_class, np.random.default_rng(seed))
    wanted = min(max(1, batch_size // per_class), len(sizes))
    turns = np.zeros(len(sizes), int)
    for batch in batches:
        counts = np.bincount(labels[batch], minlength=len(sizes))
        assert sorted(counts[counts > 0]) == [per_class] * wanted
        turns += counts > 0
        assert turns.max() - turns.min() <= 1  # at every moment no class has come twice as often as it should
    assert len(batches) == max(1, round(len(labels) / (wanted * per_class)))


def test_within_a_class_every_item_comes_before_one_comes_again():
    labels = np.repeat([0, 1], [5, 50])
    batches = class_balanced(one_hot(labels, 2), 4, 2, np.random.default_rng(0))
    small = np.concatenate(batches)[labels[np.concatenate(batches)] == 0]
    large = np.concatenate(batches)[labels[np.concatenate(batches)] == 1]
    assert len(small) == len(large) == 28
    for start in range(0, 25, 5):
        assert sorted(small[start : start + 5]) == [0, 1, 2, 3, 4]
    assert len(set(large)) == 28


def test_unlabelled_items_do_not_come():
    labels = np.array([0, -1, 1, -1, 0, 1, 0, -1])
    orders = [class_balanced(one_hot(labels, 2), 4, 2, np.random.default_rng(seed)) for seed in range(9)]
    assert {i for order in orders for batch in order for i in batch} == {0, 2, 4, 5, 6}


def test_a_class_without_items_takes_no_turn():
    labels = np.array([0, 2] * 10)
    batches = class_balanced(one_hot(labels, 3), 8, 2, np.random.default_rng(0))
    assert all(sorted(labels[batch]) == [0, 0, 2, 2] for batch in batches)


def test_an_item_of_several_classes_comes_for_each_of_them():
    targets = np.array([[1, 1], [1, 0], [0, 1]])
    chosen = [class_balanced(targets, 2, 1, np.random.default_rng(seed))[0].tolist() for seed in range(50)]
    assert {tuple(sorted(pair)) for pair in chosen} == {(0, 0), (0, 1), (0, 2), (1, 2)}


@pytest.mark.parametrize(("n", "size", "count"), [(1, 100, 1), (100, 100, 1), (149, 100, 1), (151, 100, 2), (9, 2, 4)])
def test_how_many_batches(n: int, size: int, count: int):
    assert count_batches(n, size) == count
