from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.prototype import prototype_loss, random_prototypes


@pytest.mark.parametrize("seed", range(6))
def test_as_a_loop(seed):
    g = torch.Generator().manual_seed(seed)
    f, c = (torch.randn(n, 3, generator=g, dtype=torch.float64) for n in (6, 4))
    targets = (torch.rand(6, 4, generator=g) < 0.4).long()  # some rows have several labels, some none
    rows = []
    for i in range(6):
        scores = torch.stack([-(f[i] - c[y]).square().sum() for y in range(4)])
        labels = targets[i].nonzero().flatten()
        if len(labels):
            rows.append(-torch.log(scores.exp() / scores.exp().sum())[labels].mean())
    assert prototype_loss(f, c, targets).item() == pytest.approx(torch.stack(rows).mean().item())


def test_with_one_label_it_is_cross_entropy():
    torch.manual_seed(0)
    f, c, y = torch.randn(8, 5), random_prototypes(3, 5), torch.arange(8) % 3
    expected = F.cross_entropy(-torch.cdist(f, c).square(), y)
    torch.testing.assert_close(prototype_loss(f, c, F.one_hot(y, 3)), expected)


def test_gradcheck():
    torch.manual_seed(1)
    f, c = (torch.randn(n, 3, dtype=torch.float64, requires_grad=True) for n in (5, 4))
    targets = torch.tensor([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1], [1, 1, 1, 1]])
    assert torch.autograd.gradcheck(lambda f, c: prototype_loss(f, c, targets), (f, c))


def test_unlabelled_rows_do_not_count_and_order_does_not_matter():
    torch.manual_seed(2)
    f, c, targets = torch.randn(6, 3, requires_grad=True), torch.randn(4, 3), torch.eye(6, 4)  # the last two have none
    loss = prototype_loss(f, c, targets)
    torch.testing.assert_close(loss, prototype_loss(f[:4], c, targets[:4]))
    assert not torch.autograd.grad(loss, f)[0][4:].any()
    rows, classes = torch.randperm(6), torch.randperm(4)
    torch.testing.assert_close(loss, prototype_loss(f[rows], c[classes], targets[rows][:, classes]))


@pytest.mark.parametrize("n", [0, 3])
def test_without_labels_the_loss_is_zero_with_a_graph(n):
    f = torch.randn(n, 3, requires_grad=True)
    loss = prototype_loss(f, torch.randn(4, 3), torch.zeros(n, 4))
    (gradient,) = torch.autograd.grad(loss, f)
    assert loss.item() == 0
    assert not gradient.any()


def test_one_class_costs_nothing_and_zeros_are_finite():
    f = torch.zeros(3, 4, requires_grad=True)
    assert prototype_loss(f, torch.ones(1, 4), torch.ones(3, 1)).item() == 0
    loss = prototype_loss(f, torch.zeros(2, 4), torch.tensor([[1, 0]] * 3))
    assert torch.autograd.grad(loss, f)[0].isfinite().all()


def test_half_precision_far_away_is_finite():
    f = torch.full((2, 4), 300.0, dtype=torch.float16, requires_grad=True)  # whose squares half precision cannot hold
    loss = prototype_loss(f, random_prototypes(3, 4).half(), torch.eye(2, 3))
    (gradient,) = torch.autograd.grad(loss, f)
    assert loss.isfinite()
    assert gradient.isfinite().all()


def test_random_prototypes_are_unit_vectors_that_a_seed_fixes():
    first, again, other = (random_prototypes(50, 64, torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    torch.testing.assert_close(first.norm(dim=1), torch.ones(50))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    off_diagonal = (first @ first.T)[~torch.eye(50, dtype=torch.bool)]
    assert off_diagonal.abs().max() < 0.6
    assert not first.requires_grad


def test_what_is_wrong_is_told():
    with pytest.raises(InputError, match=r"\(n, k\) and \(c, k\), got \(2, 3\) and \(4, 5\)"):
        prototype_loss(torch.zeros(2, 3), torch.zeros(4, 5), torch.zeros(2, 4))
    with pytest.raises(InputError, match=r"targets must be \(2, 4\), rows x classes, got \(2,\)"):
        prototype_loss(torch.zeros(2, 3), torch.zeros(4, 3), torch.zeros(2))
    with pytest.raises(ParameterError, match="at least 1, got 0 and 3"):
        random_prototypes(0, 3)
