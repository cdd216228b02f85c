from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.contrastive import info_nce, pairwise_contrastive, sigmoid_loss, squared_distances
from commonspace.training.losses.relations import Relations, relations


def random_relations(n: int, m: int, seed: int) -> Relations:
    """With pairs of which nothing is known."""
    kind = torch.randint(0, 3, (n, m), generator=torch.Generator().manual_seed(seed))
    return Relations(kind == 0, kind == 1)


LOSSES: dict[str, Callable[[Tensor, Relations], Tensor]] = {
    "info_nce": lambda s, r: info_nce(s, r, 3.0),
    "info_nce, smoothed": lambda s, r: info_nce(s, r, 3.0, label_smoothing=0.1),
    "sigmoid_loss": lambda s, r: sigmoid_loss(s, r, 3.0, -1.0),
    "pairwise_contrastive": lambda s, r: pairwise_contrastive(s.square(), r),
}


@pytest.fixture(params=list(LOSSES.values()), ids=list(LOSSES))
def loss(request):
    return request.param


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_with_the_diagonal_as_positives_it_is_clips_loss(smoothing, scale):
    torch.manual_seed(0)
    a, b = (F.normalize(torch.randn(12, 8), dim=1) for _ in range(2))
    a.requires_grad_()
    r = relations(torch.arange(12), torch.arange(12))
    logits, right = scale * a @ b.T, torch.arange(12)
    expected = F.cross_entropy(logits, right, label_smoothing=smoothing)
    expected = (expected + F.cross_entropy(logits.T, right, label_smoothing=smoothing)) / 2
    found = info_nce(a @ b.T, r, scale, smoothing)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(*(torch.autograd.grad(loss, a)[0] for loss in (found, expected)))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(6))
def test_info_nce_as_a_loop(seed, smoothing):
    r, s = random_relations(5, 7, seed), torch.randn(5, 7, dtype=torch.float64)

    def one_way(s: Tensor, r: Relations) -> float:
        rows = []
        for i in range(len(s)):
            positives, known = r.positive[i].nonzero().flatten(), (r.positive | r.negative)[i].nonzero().flatten()
            if len(positives) and r.negative[i].any():
                log_p = torch.log(torch.exp(2 * s[i]) / torch.exp(2 * s[i, known]).sum())
                rows.append(-(1 - smoothing) * log_p[positives].mean() - smoothing * log_p[known].mean())
        return float(torch.stack(rows).mean()) if rows else 0.0

    expected = (one_way(s, r) + one_way(s.T, r.transposed())) / 2
    assert info_nce(s, r, 2.0, smoothing).item() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(6))
def test_sigmoid_loss_as_a_loop(seed):
    r, s = random_relations(5, 7, seed), torch.randn(5, 7, dtype=torch.float64)
    expected = 0.0
    for i in range(5):
        for j in range(7):
            if r.positive[i, j] or r.negative[i, j]:
                z = 1 if r.positive[i, j] else -1
                expected -= float(torch.log(1 / (1 + torch.exp(-z * (2 * s[i, j] - 1))))) / 5
    assert sigmoid_loss(s, r, 2.0, -1.0).item() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(6))
def test_pairwise_contrastive_as_a_loop(seed):
    torch.manual_seed(seed)
    r, a, b = random_relations(5, 7, seed), torch.randn(5, 2).double() / 2, torch.randn(7, 2).double() / 2
    expected = 0.0
    for i in range(5):
        for j in range(7):
            d = float((a[i] - b[j]).norm())
            expected += (r.positive[i, j].item() * d**2 + r.negative[i, j].item() * max(0, 1.2 - d) ** 2) / 10
    assert pairwise_contrastive(squared_distances(a, b), r, 1.2).item() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_gradcheck(loss, seed):
    s = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    assert torch.autograd.gradcheck(lambda s: loss(s, random_relations(4, 5, seed)), (s,))


def test_gradcheck_of_what_is_learnt_beside():
    r, s = random_relations(4, 5, 0), torch.randn(4, 5, dtype=torch.float64)
    scale, bias = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (2.0, -1.0))
    assert torch.autograd.gradcheck(lambda scale: info_nce(s, r, scale), (scale,))
    assert torch.autograd.gradcheck(lambda scale, bias: sigmoid_loss(s, r, scale, bias), (scale, bias))


def test_order_does_not_matter(loss):
    torch.manual_seed(1)
    s, r = torch.randn(5, 7), random_relations(5, 7, 1)
    rows, columns = torch.randperm(5), torch.randperm(7)
    moved = Relations(r.positive[rows][:, columns], r.negative[rows][:, columns])
    torch.testing.assert_close(loss(s[rows][:, columns], moved), loss(s, r))


def test_unknown_pairs_do_not_count(loss):
    torch.manual_seed(2)
    s, r = torch.randn(5, 7), random_relations(5, 7, 2)
    other = torch.where(r.positive | r.negative, s, torch.randn(5, 7)).requires_grad_()
    torch.testing.assert_close(loss(other, r), loss(s, r))
    (gradient,) = torch.autograd.grad(loss(other, r), other)
    assert not gradient[~(r.positive | r.negative)].any()


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (3, 0), (0, 0)])
def test_where_nothing_is_known_the_loss_is_zero_with_a_graph(loss, shape):
    s, no = torch.randn(shape).requires_grad_(), torch.zeros(shape, dtype=torch.bool)
    value = loss(s, Relations(no, no))
    (gradient,) = torch.autograd.grad(value, s)
    assert value.item() == 0
    assert not gradient.any()


@pytest.mark.parametrize("which", ["positive", "negative"])
def test_info_nce_of_a_single_class_is_zero_with_a_graph(which):
    s, yes = torch.randn(3, 3).requires_grad_(), torch.ones(3, 3, dtype=torch.bool)
    value = info_nce(s, Relations(yes, ~yes) if which == "positive" else Relations(~yes, yes), 10.0)
    (gradient,) = torch.autograd.grad(value, s)
    assert value.item() == 0
    assert not gradient.any()


def test_pairs_of_one_kind_still_pull_or_push():
    s, yes = torch.zeros(3, 3), torch.ones(3, 3, dtype=torch.bool)
    assert sigmoid_loss(s, Relations(yes, ~yes), 1.0, 0.0).item() == pytest.approx(3 * 0.6931472)
    assert pairwise_contrastive(s, Relations(yes, ~yes)).item() == 0
    assert pairwise_contrastive(s, Relations(~yes, yes)).item() == pytest.approx(1.5)


def test_rows_that_coincide_or_are_zero_give_finite_gradients(loss):
    for a in (torch.zeros(4, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)):
        unit, r = F.normalize(a, dim=1), random_relations(4, 4, 3)
        assert torch.autograd.grad(loss(unit @ unit.T, r), a)[0].isfinite().all()
        assert torch.autograd.grad(pairwise_contrastive(squared_distances(a, a), r), a)[0].isfinite().all()


def test_extreme_logits_stay_finite(loss):
    s = torch.tensor([[1e4, -1e4], [-1e4, 1e4]], requires_grad=True)
    r = relations(torch.arange(2), torch.arange(2))
    for relation in (r, Relations(r.negative, r.positive)):
        value = loss(s, relation)
        (gradient,) = torch.autograd.grad(value, s)
        assert value.isfinite()
        assert gradient.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_precision(loss, dtype):
    s = torch.rand(4, 5).to(dtype).requires_grad_()
    value = loss(s, random_relations(4, 5, 4))
    (gradient,) = torch.autograd.grad(value, s)
    assert gradient.dtype == dtype
    exact = loss(s.detach().double(), random_relations(4, 5, 4)).item()
    assert value.item() == pytest.approx(exact, rel=5e-3 if dtype.itemsize == 2 else 1e-5)


def test_distances_far_from_the_origin():
    torch.manual_seed(5)
    a, b = torch.randn(6, 3), torch.randn(5, 3)
    expected = torch.cdist(a.double(), b.double()).square()
    torch.testing.assert_close(squared_distances(a + 1000, b + 1000).double(), expected, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(squared_distances(a.double(), b.double()), expected)
    assert (squared_distances(a, a) >= 0).all()
    assert squared_distances(a[:0], b).shape == (0, 5)
    x = a.double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: squared_distances(x, b.double()), (x,))


def test_what_is_wrong_is_told():
    r, s = relations(torch.arange(3), torch.arange(3)), torch.zeros(3, 3)
    with pytest.raises(ParameterError, match=r"label_smoothing must be in \[0, 1\), got 1"):
        info_nce(s, r, 1.0, 1.0)
    with pytest.raises(ParameterError, match="margin must be at least 0, got -1"):
        pairwise_contrastive(s, r, -1)
    with pytest.raises(InputError, match=r"distance_squared must be .*\(3, 3\), got torch.float32 \(2, 3\)"):
        pairwise_contrastive(s[:2], r)
    with pytest.raises(InputError, match=r"similarity must be .*got torch.int64"):
        sigmoid_loss(s.long(), r, 1.0, 0.0)
    with pytest.raises(InputError, match=r"\(n, k\) and \(m, k\), got \(3, 3\) and \(3, 2\)"):
        squared_distances(s, s[:, :2])
