from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from commonspace.data.splitting import held_out, split_names
from commonspace.errors import InputError

SEEDS = st.integers(0, 2**32)


@given(st.integers(2, 200), st.data(), SEEDS)
def test_without_groups_the_part_has_exactly_the_size_asked_for(n: int, data: st.DataObject, seed: int):
    size = data.draw(st.integers(1, n - 1))
    held = held_out(n, size, seed=seed)
    assert held.shape == (n,)
    assert held.dtype == bool
    assert held.sum() == size
    np.testing.assert_array_equal(held, held_out(n, size, seed=seed))


@given(st.integers(2, 200), st.floats(0.01, 0.99), SEEDS)
def test_a_share_is_rounded_to_items(n: int, share: float, seed: int):
    assume(0 < round(share * n) < n)
    assert held_out(n, share, seed=seed).sum() == round(share * n)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=60), st.data(), SEEDS)
def test_groups_are_never_parted(groups: list[str], data: st.DataObject, seed: int):
    n = len(groups)
    size = data.draw(st.integers(1, n - 1))
    names, sizes = np.unique(groups, return_counts=True)
    if sizes.min() > size:
        with pytest.raises(InputError, match=f"the smallest group has {sizes.min()}"):
            held_out(n, size, seed=seed, groups=groups)
        return
    held = held_out(n, size, seed=seed, groups=groups)
    assert {g for g, h in zip(groups, held, strict=True) if h}.isdisjoint(
        g for g, h in zip(groups, held, strict=True) if not h
    )
    assert 0 < held.sum() <= size
    left = sizes[[name not in {g for g, h in zip(groups, held, strict=True) if h} for name in names]]
    assert (left > size - held.sum()).all()  # no group that would still have fitted was passed over


def test_groups_may_be_of_any_kind():
    numbers = np.repeat(np.arange(10), 3)
    held = held_out(30, 6, seed=0, groups=numbers)
    assert held.sum() == 6
    assert set(numbers[held]).isdisjoint(numbers[~held])


@pytest.mark.parametrize("missing", [None, float("nan")], ids=repr)
def test_items_without_a_group_stand_alone(missing: Any):
    parted = False
    for seed in range(10):
        held = held_out(10, 3, seed=seed, groups=["None", "None", *[missing] * 8])
        assert held.sum() == 3
        assert held[0] == held[1]
        parted |= 0 < held[2:].sum() < 8
    assert parted


def test_seeds_give_different_parts_and_every_item_its_turn():
    parts = np.array([held_out(20, 5, seed=seed) for seed in range(200)])
    assert len(np.unique(parts, axis=0)) > 190
    share = parts.mean(0)
    assert (np.abs(share - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 200)).all()


@pytest.mark.parametrize(("n", "size"), [(10, 10), (10, 11), (10, 0.04), (10, 0.96), (1, 1), (0, 1)])
def test_an_empty_part_is_an_error_that_gives_the_range(n: int, size: float):
    with pytest.raises(InputError, match=rf"holdout: cannot hold out -?\d+ of {n} items; expected between 1"):
        held_out(n, size, seed=0)


@pytest.mark.parametrize("size", [0, -3, float("nan"), True])
def test_a_size_that_is_none(size: float):
    with pytest.raises(InputError, match="holdout: expected a share below 1 or a number of items"):
        held_out(10, size, seed=0)


@pytest.mark.parametrize("seed", [-1, 0.5, "abc", True])
def test_a_seed_that_is_none(seed: Any):
    with pytest.raises(InputError, match="seed: expected a whole number of 0 or more"):
        held_out(10, 3, seed=seed)


def test_split_names():
    assert split_names(np.array([True, False])) == ["test", "train"]
