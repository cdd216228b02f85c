from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from commonspace.errors import InputError
from commonspace.training.losses.discriminative import linear_label_loss, modality_invariance, similarity_likelihood


def rows(seed: int, n: int, k: int = 3) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, k)))


@pytest.mark.parametrize("seed", range(5))
def test_label_loss_and_invariance_are_mean_distances(seed: int):
    a, b = rows(seed, 6), rows(seed + 100, 6)
    expected = np.mean([math.dist(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)])
    assert linear_label_loss(a, b).item() == pytest.approx(expected)
    assert modality_invariance(a, b).item() == pytest.approx(expected)
    a.requires_grad_()
    b.requires_grad_()
    assert torch.autograd.gradcheck(modality_invariance, [a, b])
    assert torch.autograd.gradcheck(lambda a: linear_label_loss(a, b.detach()), [a])
    order = torch.tensor([5, 2, 0, 1, 4, 3])
    assert modality_invariance(a[order], b[order]).item() == pytest.approx(expected)


def test_items_without_labels_take_no_part():
    predictions, targets = rows(0, 4).requires_grad_(), torch.eye(4)[:, :3].bool()  # the last row is zero
    loss = linear_label_loss(predictions, targets)
    torch.testing.assert_close(loss, linear_label_loss(predictions[:3], torch.eye(3)))
    (gradient,) = torch.autograd.grad(loss, predictions)
    assert (gradient[3] == 0).all()


def plain(a: Tensor, b: Tensor, same: Tensor, known: Tensor) -> float:
    losses = []
    for i, x in enumerate(a.tolist()):
        for j, y in enumerate(b.tolist()):
            length = math.hypot(*x) * math.hypot(*y)
            theta = sum(p * q for p, q in zip(x, y, strict=True)) / length / 2 if length else 0
            if known[i, j]:
                losses.append(math.log(1 + math.exp(theta)) - (theta if same[i, j] else 0))
    return float(np.mean(losses))


@pytest.mark.parametrize("seed", range(5))
def test_likelihood_agrees_with_a_plain_loop(seed: int):
    rng = np.random.default_rng(seed)
    a, b = rows(seed, 5), rows(seed + 100, 4)
    same, known = (torch.from_numpy(rng.random((5, 4)) < 0.5) for _ in "sk")
    everything = torch.ones_like(known)
    assert similarity_likelihood(a, b, same).item() == pytest.approx(plain(a, b, same, everything))
    found = similarity_likelihood(a, b, same, known)
    assert found.item() == pytest.approx(plain(a, b, same, known))
    assert similarity_likelihood(b, a, same.T, known.T).item() == pytest.approx(found.item())
    assert similarity_likelihood(3 * a, b, same, known).item() == pytest.approx(found.item())
    a.requires_grad_()
    b.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: similarity_likelihood(a, b, same, known), [a, b])


def test_likelihood_lies_within_its_bounds():
    a, same = torch.eye(2).repeat(2, 1), torch.eye(2).repeat(2, 2).bool()
    best, worst = math.log(1 + math.exp(-0.5)), math.log(1 + math.exp(0.5))
    assert similarity_likelihood(a[:1], a[:1], same[:1, :1]).item() == pytest.approx(best)
    assert similarity_likelihood(a[:1], -a[:1], same[:1, :1]).item() == pytest.approx(worst)
    assert best <= similarity_likelihood(a, a, same).item() <= worst


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1.0])
def test_gradients_at_equal_and_zero_rows_are_finite(dtype: torch.dtype, scale: float):
    a = (torch.ones(4, 3) * scale).to(dtype)
    a[0] = 0
    a.requires_grad_()
    same = torch.eye(4, dtype=torch.bool)
    for loss in (
        similarity_likelihood(a, a, same),
        modality_invariance(a, a.detach().clone()),
        linear_label_loss(a, torch.ones(4, 3)),
        linear_label_loss(a, a.detach().clone()),
    ):
        assert loss.dtype == dtype
        assert loss.isfinite()
        (gradient,) = torch.autograd.grad(loss, a)
        assert gradient.isfinite().all()


def test_a_row_of_zeros_has_no_direction_and_no_gradient():
    a = torch.zeros(1, 3, requires_grad=True)
    loss = similarity_likelihood(a, torch.ones(1, 3), torch.ones(1, 1, dtype=torch.bool))
    torch.autograd.backward(loss)
    assert loss.item() == pytest.approx(math.log(2))
    assert a.grad is not None
    assert (a.grad == 0).all()


def test_nothing_to_compare_is_zero_with_a_graph():
    a, none = rows(0, 4).requires_grad_(), torch.zeros(4, 4, dtype=torch.bool)
    empty = torch.zeros(0, 3, requires_grad=True)
    for loss, x in (
        (similarity_likelihood(a, a, none, none), a),
        (linear_label_loss(a, torch.zeros(4, 3)), a),
        (linear_label_loss(empty, torch.zeros(0, 3)), empty),
        (modality_invariance(empty, empty), empty),
        (similarity_likelihood(empty, empty, none[:0, :0]), empty),
    ):
        assert loss == 0
        (gradient,) = torch.autograd.grad(loss, x)
        assert (gradient == 0).all()


def test_wrong_input_is_an_error():
    a, b, same = rows(0, 5), rows(1, 4), torch.ones(5, 4, dtype=torch.bool)
    with pytest.raises(InputError, match="a and b"):
        modality_invariance(a, b)
    with pytest.raises(InputError, match="predictions and targets"):
        linear_label_loss(a, b)
    with pytest.raises(InputError, match="a and b"):
        similarity_likelihood(a, b[:, :2], same)
    with pytest.raises(InputError, match=r"same: expected bool \(5, 4\)"):
        similarity_likelihood(a, b, same.double())
    with pytest.raises(InputError, match="known: expected bool"):
        similarity_likelihood(a, b, same, same.T)
