from __future__ import annotations

from itertools import product

import pytest
import torch

from commonspace.errors import InputError
from commonspace.training.losses.relations import Relations, overlap, relations


def test_without_targets_every_other_item_is_a_negative():
    r = relations(torch.tensor([0, 1, 1]), torch.tensor([1, 0]))
    assert r.positive.tolist() == [[False, True], [True, False], [True, False]]
    assert torch.equal(r.negative, ~r.positive)


@pytest.mark.parametrize("seed", range(10))
def test_with_targets_as_a_loop_over_pairs(seed):
    g = torch.Generator().manual_seed(seed)
    items = [torch.randint(0, 6, (n,), generator=g) for n in (7, 9)]
    labels_of_item = torch.rand(6, 3, generator=g) < 0.4  # some have none, some several
    targets = [labels_of_item[i].long() for i in items]
    r = relations(*items, *targets)
    for a in range(7):
        for b in range(9):
            la, lb = set(targets[0][a].nonzero().flatten().tolist()), set(targets[1][b].nonzero().flatten().tolist())
            same = bool(items[0][a] == items[1][b])
            assert r.positive[a, b] == (same or bool(la & lb))
            assert r.negative[a, b] == (bool(la) and bool(lb) and not la & lb and not same)


def test_of_an_unlabelled_row_only_its_own_item_is_known():
    items, targets = torch.arange(3), torch.tensor([[1, 0], [0, 0], [0, 1]])
    r = relations(items, items, targets, targets)
    assert r.positive.tolist() == torch.eye(3, dtype=torch.bool).tolist()
    assert r.negative.nonzero().tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float16, torch.float64])
def test_targets_of_any_type(dtype):
    items, targets = torch.arange(3), torch.tensor([[1, 0], [1, 1], [0, 1]]).to(dtype)
    r = relations(items, items, targets, targets)
    assert r.negative.nonzero().tolist() == [[0, 2], [2, 0]]


@pytest.mark.parametrize("seed", range(3))
def test_overlap_is_that_of_the_sets_of_labels(seed: int):
    g = torch.Generator().manual_seed(seed)
    a, b = (torch.rand(6, 4, generator=g) < 0.4 for _ in range(2))
    a[0] = b[1] = False
    found = overlap(a.float(), b.float())
    for i, j in product(range(6), range(6)):
        first, second = (set(row.nonzero()[:, 0].tolist()) for row in (a[i], b[j]))
        expected = len(first & second) / len(first | second) if first | second else 0.0
        assert found[i, j].item() == pytest.approx(expected)


def test_rows_of_one_label_overlap_wholly_or_not():
    one = torch.eye(4)[[0, 2, 2, 3]]
    assert torch.equal(overlap(one, one) > 0, relations(torch.arange(4), torch.arange(4), one, one).positive)
    assert set(overlap(one, one).flatten().tolist()) == {0.0, 1.0}


def test_transposed():
    r = relations(torch.tensor([0, 1, 2]), torch.tensor([2, 0]))
    back = relations(torch.tensor([2, 0]), torch.tensor([0, 1, 2]))
    assert torch.equal(r.transposed().positive, back.positive)
    assert torch.equal(r.transposed().negative, back.negative)


def test_empty_sets_have_no_relations():
    none = torch.zeros(0, dtype=torch.long)
    assert relations(none, torch.arange(3)).positive.shape == (0, 3)


def test_what_is_wrong_is_told():
    items, targets = torch.arange(3), torch.ones(3, 2)
    with pytest.raises(InputError, match="one dimension"):
        relations(torch.zeros(3, 1), items)
    with pytest.raises(InputError, match="both sides or for neither"):
        relations(items, items, targets)
    with pytest.raises(InputError, match=r"same classes.*\(3, 2\) and \(3, 4\)"):
        relations(items, items, targets, torch.ones(3, 4))
    with pytest.raises(InputError, match="one row for each of 3 and 3 items, got 3 and 2"):
        relations(items, items, targets, torch.ones(2, 2))
    with pytest.raises(InputError, match="boolean matrices"):
        Relations(torch.ones(2, 2), torch.ones(2, 2))
    with pytest.raises(InputError, match=r"shape of the relations, \(3, 3\), got torch.float32 \(3, 2\)"):
        relations(items, items).checked(torch.zeros(3, 2))
