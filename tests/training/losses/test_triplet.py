from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.relations import Relations, relations
from commonspace.training.losses.triplet import Mining, triplet_loss

MININGS = get_args(Mining)


def loop(similarity: Tensor, r: Relations, margin: Tensor, mining: str, reduction: str) -> Tensor:
    """The definitions, one triplet after the other, with a graph."""
    terms = []
    for a in range(len(similarity)):
        s = similarity[a]
        positives, negatives = (m[a].nonzero().flatten().tolist() for m in (r.positive, r.negative))
        for p in positives if negatives else []:
            term = {n: margin[a, n] - s[p] + s[n] for n in negatives}
            if mining == "semi-hard":
                below = [n for n in negatives if s[n] < s[p]]
                pick = max(below, key=lambda n: term[n].item()) if below else min(term, key=lambda n: term[n].item())
                term = {pick: term[pick]}
            elif mining == "hardest":
                pick = max(term, key=lambda n: term[n].item())
                term = {pick: term[pick]}
            terms += [F.relu(t) for t in term.values()]
    total = sum(terms, start=0 * similarity.sum())
    met = len(terms) if reduction == "mean" else sum(t.item() > 0 for t in terms)
    return total / max(met, 1)


def random_relations(n: int, m: int, g: torch.Generator, known: float = 0.8) -> Relations:
    kind, is_known = torch.rand(n, m, generator=g) < 0.4, torch.rand(n, m, generator=g) < known
    return Relations(kind & is_known, ~kind & is_known)


@pytest.mark.parametrize(("mining", "reduction", "seed"), list(product(MININGS, ["mean", "active"], range(8))))
def test_as_a_loop_over_triplets_in_value_and_gradient(mining, reduction, seed):
    g = torch.Generator().manual_seed(seed)
    n, m = (int(torch.randint(1, 9, (), generator=g)) for _ in range(2))
    s = (torch.randn(n, m, generator=g, dtype=torch.float64) / 2).requires_grad_()
    margin = torch.rand(n, m, generator=g, dtype=torch.float64).requires_grad_()
    r = random_relations(n, m, g)
    found, expected = (
        triplet_loss(s, r, margin=margin, mining=mining, reduction=reduction),
        loop(s, r, margin, mining, reduction),
    )
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(
        torch.autograd.grad(found, (s, margin)),
        torch.autograd.grad(expected, (s, margin), allow_unused=True, materialize_grads=True),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@settings(deadline=None, max_examples=150)
@given(st.data(), st.sampled_from(MININGS), st.sampled_from(["mean", "active"]))
def test_as_the_loop_where_everything_ties(data, mining, reduction):
    """Quarters add up exactly, so the counts of what is above zero must be exact too."""
    n, m = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 6))
    cells = [data.draw(st.lists(st.integers(-2, 2), min_size=n * m, max_size=n * m)) for _ in range(3)]
    s, margin, kind = (torch.tensor(c, dtype=torch.float32).view(n, m) / 4 for c in cells)
    r, margin = Relations(kind > 0, kind < 0), margin.abs()
    s.requires_grad_()
    found = triplet_loss(s, r, margin=margin, mining=mining, reduction=reduction)
    torch.testing.assert_close(found, loop(s, r, margin, mining, reduction))
    (gradient,) = torch.autograd.grad(found, s)
    assert gradient.isfinite().all()
    torch.testing.assert_close(gradient.sum(1), torch.zeros(n))  # every term has one of each sign in its row


@pytest.mark.parametrize("mining", MININGS)
def test_gradcheck(mining):
    g = torch.Generator().manual_seed(3)
    s = torch.randn(5, 7, generator=g, dtype=torch.float64).requires_grad_()
    margin = torch.rand(5, 7, generator=g, dtype=torch.float64).requires_grad_()
    r = random_relations(5, 7, g)
    assert torch.autograd.gradcheck(lambda s, m: triplet_loss(s, r, margin=m, mining=mining), (s, margin))
    assert torch.autograd.gradcheck(lambda s: triplet_loss(s, r, margin=0.3, mining=mining, reduction="active"), (s,))


@pytest.mark.parametrize("mining", MININGS)
def test_a_number_is_the_matrix_of_that_number(mining):
    g = torch.Generator().manual_seed(4)
    s, r = torch.randn(6, 8, generator=g), random_relations(6, 8, g)
    number = triplet_loss(s, r, margin=0.25, mining=mining)
    torch.testing.assert_close(number, triplet_loss(s, r, margin=torch.full((6, 8), 0.25), mining=mining))
    torch.testing.assert_close(number, triplet_loss(s, r, margin=torch.tensor(0.25), mining=mining))


@pytest.mark.parametrize("mining", MININGS)
def test_the_order_of_rows_and_columns_does_not_matter(mining):
    g = torch.Generator().manual_seed(5)
    s, r, margin = torch.randn(6, 9, generator=g), random_relations(6, 9, g), torch.rand(6, 9, generator=g)
    rows, columns = torch.randperm(6, generator=g), torch.randperm(9, generator=g)
    moved = Relations(r.positive[rows][:, columns], r.negative[rows][:, columns])
    torch.testing.assert_close(
        triplet_loss(s[rows][:, columns], moved, margin=margin[rows][:, columns], mining=mining),
        triplet_loss(s, r, margin=margin, mining=mining),
    )


@pytest.mark.parametrize("mining", MININGS)
@pytest.mark.parametrize("reduction", ["mean", "active"])
@pytest.mark.parametrize("case", ["no negatives", "no positives", "nothing known", "no rows", "no columns"])
def test_where_there_is_no_triplet_the_loss_is_zero_with_a_graph(mining, reduction, case):
    shape = {"no rows": (0, 3), "no columns": (3, 0)}.get(case, (3, 3))
    s, yes, no = torch.randn(shape).requires_grad_(), torch.ones(shape).bool(), torch.zeros(shape).bool()
    r = Relations(yes if case == "no negatives" else no, yes if case == "no positives" else no)
    loss = triplet_loss(s, r, margin=torch.full(shape, 0.2), mining=mining, reduction=reduction)
    (gradient,) = torch.autograd.grad(loss, s)
    assert loss.item() == 0
    assert not gradient.any()
    assert triplet_loss(s, r, margin=0.2, mining=mining, reduction=reduction).item() == 0


@pytest.mark.parametrize("mining", MININGS)
def test_embeddings_of_zero_give_finite_gradients(mining):
    embeddings = torch.zeros(6, 4, requires_grad=True)
    unit = F.normalize(embeddings, dim=1)
    r = relations(torch.arange(6), torch.arange(6), *2 * [F.one_hot(torch.arange(6) % 2)])
    loss = triplet_loss(unit @ unit.T, r, margin=0.5, mining=mining)
    (gradient,) = torch.autograd.grad(loss, embeddings)
    assert loss.item() == pytest.approx(0.5)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("mining", MININGS)
def test_separated_classes_cost_nothing_and_collapsed_ones_the_margin(mining):
    labels = torch.arange(8) % 4
    r = relations(torch.arange(8), torch.arange(8), *2 * [F.one_hot(labels)])
    apart = F.one_hot(labels).float()
    assert triplet_loss(apart @ apart.T, r, margin=0.2, mining=mining).item() == 0
    assert triplet_loss(torch.ones(8, 8), r, margin=0.2, mining=mining).item() == pytest.approx(0.2)


@pytest.mark.parametrize("mining", MININGS)
def test_descent_does_not_collapse(mining):
    """From random points to separated classes."""
    torch.manual_seed(0)
    labels = torch.arange(24) % 3
    x = torch.randn(24, 4, requires_grad=True)
    r = relations(torch.arange(24), torch.arange(24), *2 * [F.one_hot(labels)])
    optimiser = torch.optim.Adam([x], lr=0.05)
    for _ in range(150):
        unit = F.normalize(x, dim=1)
        loss = triplet_loss(unit @ unit.T, r, margin=0.3, mining=mining)
        (x.grad,) = torch.autograd.grad(loss, x)
        optimiser.step()
    s = (F.normalize(x, dim=1) @ F.normalize(x, dim=1).T).detach()
    assert s[r.positive].mean() - s[r.negative].mean() > 0.3
    assert loss.item() < 0.02


def test_hardest_meets_at_least_the_mean_of_all():
    g = torch.Generator().manual_seed(6)
    s, r = torch.randn(20, 20, generator=g), random_relations(20, 20, g)
    losses = {mining: triplet_loss(s, r, margin=0.2, mining=mining).item() for mining in MININGS}
    assert losses["hardest"] >= losses["semi-hard"]
    assert losses["hardest"] >= losses["all"]


def test_semi_hard_falls_back_to_the_least_violating_negative():
    s = torch.tensor([[0.1, 0.9, 0.4]])
    r = Relations(torch.tensor([[True, False, False]]), torch.tensor([[False, True, True]]))
    assert triplet_loss(s, r, margin=0.2, mining="semi-hard").item() == pytest.approx(0.2 - 0.1 + 0.4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("mining", MININGS)
def test_every_precision(dtype, mining):
    g = torch.Generator().manual_seed(7)
    s = torch.rand(8, 8, generator=g).to(dtype).requires_grad_()
    r = random_relations(8, 8, g)
    loss = triplet_loss(s, r, margin=0.2, mining=mining)
    (gradient,) = torch.autograd.grad(loss, s)
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert gradient.dtype == dtype
    exact = triplet_loss(s.detach().double(), r, margin=0.2, mining=mining)
    torch.testing.assert_close(loss.double(), exact, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("reduction", ["mean", "active"])
@pytest.mark.parametrize("mining", MININGS)
def test_float32_is_exact_to_a_millionth_over_millions_of_triplets(mining, reduction):
    g = torch.Generator().manual_seed(8)
    unit = F.normalize(torch.randn(512, 16, generator=g) + 3, dim=1)  # all similarities near 1: the most cancellation
    r = relations(torch.arange(512), torch.arange(512), *2 * [F.one_hot(torch.arange(512) % 2)])
    s = unit @ unit.T
    for margin in (0.01, 0.5):
        exact = triplet_loss(s.double(), r, margin=margin, mining=mining, reduction=reduction)
        found = triplet_loss(s, r, margin=margin, mining=mining, reduction=reduction)
        assert found.item() == pytest.approx(exact.item(), abs=1e-6)


@pytest.mark.parametrize("mining", MININGS)
def test_both_directions_of_one_matrix(mining):
    g = torch.Generator().manual_seed(9)
    s, r, margin = torch.randn(6, 9, generator=g), random_relations(6, 9, g), torch.rand(6, 9, generator=g)
    found = triplet_loss(s.T, r.transposed(), margin=margin.T, mining=mining)
    torch.testing.assert_close(found, loop(s.T, r.transposed(), margin.T, mining, "mean"))


def test_what_is_wrong_is_told():
    r = relations(torch.arange(3), torch.arange(3))
    s = torch.zeros(3, 3)
    with pytest.raises(ParameterError, match="mining must be one of all, semi-hard, hardest, got 'easy'"):
        triplet_loss(s, r, margin=0.2, mining="easy")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="reduction must be one of mean, active, got 'sum'"):
        triplet_loss(s, r, margin=0.2, reduction="sum")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="margin must be a number of at least 0, got -1"):
        triplet_loss(s, r, margin=-1)
    with pytest.raises(InputError, match=r"margin must be one number or \(3, 3\), got \(3,\)"):
        triplet_loss(s, r, margin=torch.zeros(3))
    with pytest.raises(InputError, match="shape of the relations"):
        triplet_loss(torch.zeros(3, 4), r, margin=0.2)
