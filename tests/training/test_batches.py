from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from commonspace.training.batches import Batches, seed_of
from commonspace.training.items import Items

from .small import items, one_hot, views


def epoch_of(batches: Batches, epoch: int) -> list[tuple[list[int], list[float]]]:
    """What an epoch shows: items and one number of the drawn part of each."""
    batches.set_epoch(epoch)
    return [(batch.item.tolist(), batch.views["text"][:, 0].tolist()) for batch in batches]


@pytest.mark.parametrize("per_class", [None, 2])
def test_an_epoch_is_the_same_whatever_came_before(per_class: int | None):
    def fresh(seed: int = 1) -> Batches:
        return Batches(items(50, parts=3), 10, 9, seed, per_class)

    expected = epoch_of(fresh(), 4)
    used = fresh()
    for epoch in (0, 1, 7):
        epoch_of(used, epoch)
    next(iter(used))  # and one that was begun only
    torch.rand(5)
    np.random.default_rng().random(3)
    assert epoch_of(used, 4) == expected
    assert epoch_of(used, 4) == expected
    assert epoch_of(used, 5) != expected
    assert epoch_of(fresh(seed=2), 4) != expected


def test_every_item_comes_once_in_each_epoch():
    batches = Batches(items(47), 10, 9, 1)
    orders = []
    for epoch in range(3):
        orders.append([i for chosen, _ in epoch_of(batches, epoch) for i in chosen])
        assert sorted(orders[-1]) == list(range(47))
    assert orders[0] != orders[1] != orders[2]


@pytest.mark.parametrize("per_class", [None, 3])
def test_the_length_is_the_number_of_batches(per_class: int | None):
    batches = Batches(items(47), 10, 9, 1, per_class)
    assert len(batches) == len(list(batches)) == 5


def test_balanced_batches_where_asked_for_and_there_are_targets():
    labels = np.array([0] * 40 + [1] * 5)
    balanced = Batches(Items(views(45), one_hot(labels, 2)), 8, 1, 0, per_class=4)
    assert all(np.bincount(labels[batch.item.numpy()]).tolist() == [4, 4] for batch in balanced)
    without = Batches(Items(views(45)), 8, 1, 0, per_class=4)
    assert sorted(torch.cat([batch.item for batch in without]).tolist()) == list(range(45))


def test_progress_goes_in_equal_steps_from_0_to_1():
    batches = Batches(items(40), 10, 5, 0)
    seen = []
    for epoch in range(5):
        batches.set_epoch(epoch)
        seen += [(batch.epoch, batch.progress) for batch in batches]
    assert [epoch for epoch, _ in seen] == [epoch for epoch in range(5) for _ in range(4)]
    np.testing.assert_allclose([progress for _, progress in seen], np.arange(20) / 20)


def test_an_order_is_made_once_an_epoch_and_not_once_a_batch():
    batches = Batches(items(20_000), 4, 1, 0, per_class=2)
    started = time.process_time()
    batches._order()
    once = time.process_time() - started
    started = time.process_time()
    assert len(list(batches)) == 5000
    assert time.process_time() - started < 1 + 20 * once  # 5000 batches


def test_seeds_of_different_numbers_differ():
    seeds = {seed_of(a, b, c) for a in range(10) for b in range(10) for c in range(4)}
    assert len(seeds) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seed_of(1, 2) == seed_of(1, 2)
