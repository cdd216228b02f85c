from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from commonspace.training.items import Batch, Items

from .small import one_hot, views


def draw(items: Items, index: list[int], seed: int = 0) -> Batch:
    return items.draw(torch.tensor(index), torch.Generator().manual_seed(seed))


def test_a_batch_holds_the_rows_of_its_items_in_their_order():
    given_views = views(20)
    batch = draw(Items(given_views, one_hot(np.arange(20) % 3, 3)), [7, 3, 19])
    assert len(batch) == 3
    assert batch.item.tolist() == [7, 3, 19]
    assert batch.targets is not None
    assert batch.targets.argmax(1).tolist() == [1, 0, 1]
    for m, view in given_views.items():
        np.testing.assert_array_equal(batch.views[m].numpy(), view[[7, 3, 19]])
        assert batch.items_of(m).tolist() == [7, 3, 19]


def test_items_keep_the_numbers_they_are_given():
    batch = draw(Items(views(4), number=np.array([40, 41, 42, 43])), [3, 0])
    assert batch.item.tolist() == [43, 40]
    assert batch.items_of("text").tolist() == [43, 40]


def test_without_targets_there_are_none():
    batch = draw(Items(views(4)), [0, 1])
    assert batch.targets is None
    assert batch.targets_of("image") is None


def test_a_modality_has_rows_only_of_the_items_that_have_it():
    given_views = views(9, gaps=True)
    batch = draw(Items(given_views, one_hot(np.arange(9) % 3, 3)), list(range(9)))
    for m, view in given_views.items():
        there = ~np.isnan(view[:, 0])
        np.testing.assert_array_equal(batch.views[m].numpy(), view[there])
        np.testing.assert_array_equal(batch.items_of(m).numpy(), np.flatnonzero(there))
        targets = batch.targets_of(m)
        assert targets is not None
        np.testing.assert_array_equal(targets.argmax(1).numpy(), np.flatnonzero(there) % 3)


def test_each_part_is_drawn_as_often_as_any_other_and_only_those_that_are_there():
    parts = np.arange(20, dtype=np.float32).reshape(4, 5, 1)  # a number for each part of each item
    parts[1, [0, 2, 3]] = np.nan  # parts that are there stand anywhere
    parts[2, 1:] = np.nan
    parts[3] = np.nan
    items, generator, counts = Items({"text": parts}), torch.Generator().manual_seed(0), np.zeros(20, int)
    for _ in range(500):
        batch = items.draw(torch.tensor([0, 1, 2, 3, 0, 1]), generator)
        assert batch.slots["text"].tolist() == [0, 1, 2, 4, 5]
        np.add.at(counts, batch.views["text"][:, 0].long().numpy(), 1)
    assert counts.sum() == 2500
    assert set(np.flatnonzero(counts)) == {0, 1, 2, 3, 4, 6, 9, 10}
    assert counts[10] == 500
    # 1000 draws: the deviations are 12.6 and 15.8.
    np.testing.assert_allclose(counts[:5], 200, atol=60)
    np.testing.assert_allclose(counts[[6, 9]], 500, atol=75)


def test_the_draw_of_parts_follows_from_the_generator():
    items = Items(views(30, parts=4))
    index = list(range(30))
    first, again, other = draw(items, index, 5), draw(items, index, 5), draw(items, index, 6)
    assert torch.equal(first.views["text"], again.views["text"])
    assert not torch.equal(first.views["text"], other.views["text"])
    assert torch.equal(first.views["image"], other.views["image"])  # one part: nothing to draw


@given(presence=st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=8))
def test_pairs_and_complete_agree_with_a_plain_loop(presence: list[tuple[bool, bool, bool]]):
    names = ("image", "text", "audio")
    value = np.arange(len(presence), dtype=np.float32)
    views = {m: np.where([has[i] for has in presence], value, np.nan)[:, None] for i, m in enumerate(names)}
    batch = draw(Items(views), list(range(len(presence))))
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            expected = [float(k) for k, has in enumerate(presence) if has[i] and has[j]]
            rows_a, rows_b = batch.pairs(a, b)
            assert batch.views[a][rows_a, 0].tolist() == expected
            assert batch.views[b][rows_b, 0].tolist() == expected
    complete = batch.complete()
    for m in names:
        assert batch.views[m][complete[m], 0].tolist() == [float(k) for k, has in enumerate(presence) if all(has)]


def test_a_batch_can_be_moved():
    batch = draw(Items(views(6, gaps=True), one_hot([0] * 6, 1)), [5, 1, 2])
    moved = batch.to("meta")
    assert {x.device.type for x in [*moved.views.values(), *moved.slots.values(), moved.item]} == {"meta"}
    assert (len(moved), moved.epoch, moved.progress) == (3, batch.epoch, batch.progress)
    assert {m: x.shape for m, x in moved.views.items()} == {m: x.shape for m, x in batch.views.items()}


@pytest.mark.parametrize("parts", [1, 3])
def test_the_views_stay_as_they_are(parts: int):
    given_views = views(12, parts=parts, gaps=True)
    kept = {m: x.copy() for m, x in given_views.items()}
    draw(Items(given_views), list(range(12)))
    for m, view in kept.items():
        np.testing.assert_array_equal(given_views[m], view)
