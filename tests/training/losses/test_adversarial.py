from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.adversarial import (
    inter_modal_invariance,
    modality_loss,
    reversal_weight,
    reverse_gradient,
)


def case(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings of two modalities, and which pairs share a class."""
    rng = np.random.default_rng(seed)
    a, b = torch.from_numpy(rng.standard_normal((5, 3))), torch.from_numpy(rng.standard_normal((4, 3)))
    return a, b, torch.from_numpy(rng.random((5, 4)) < 0.4)


# The reversal


def test_the_value_stays_and_the_gradient_turns():
    x = torch.randn(3, 2, requires_grad=True)
    assert torch.equal(reverse_gradient(x, 0.3), x)
    (gradient,) = torch.autograd.grad((reverse_gradient(x, 0.3) ** 2).sum(), x)
    torch.testing.assert_close(gradient, -0.6 * x.detach())
    (gradient,) = torch.autograd.grad(reverse_gradient(x, 0).sum(), x)
    assert (gradient == 0).all()


def test_one_step_trains_the_classifier_and_the_projection_against_each_other():
    torch.manual_seed(0)
    projection, classifier = torch.nn.Linear(3, 2), torch.nn.Linear(2, 2)
    x = [torch.randn(20, 3) + 1, torch.randn(20, 3) - 1]

    def loss(reverse: bool) -> Tensor:
        h = [projection(rows) for rows in x]
        return modality_loss([classifier(reverse_gradient(rows, 1) if reverse else rows) for rows in h])

    turned = torch.autograd.grad(loss(True), [projection.weight, classifier.weight])
    plain = torch.autograd.grad(loss(False), [projection.weight, classifier.weight])
    torch.testing.assert_close(turned[0], -plain[0])
    torch.testing.assert_close(turned[1], plain[1])


def test_the_weight_rises_from_nothing_to_nearly_one():
    assert reversal_weight(0) == 0
    assert reversal_weight(1) == pytest.approx(2 / (1 + math.exp(-10)) - 1)
    weights = [reversal_weight(p / 10) for p in range(11)]
    assert weights == sorted(weights)
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ParameterError, match="progress"):
            reversal_weight(wrong)
    with pytest.raises(ParameterError, match="weight"):
        reverse_gradient(torch.zeros(1), math.nan)


# The modality classifier


@pytest.mark.parametrize("sizes", [(4, 4), (5, 2, 3), (3, 0, 1)])
def test_agrees_with_a_plain_loop(sizes: tuple[int, ...]):
    rng = np.random.default_rng(0)
    logits = [torch.from_numpy(rng.standard_normal((n, len(sizes)))).requires_grad_() for n in sizes]
    terms = []
    for m, z in enumerate(logits):
        if len(z):
            terms.append(np.mean([math.log(sum(math.exp(v) for v in row)) - row[m] for row in z.tolist()]))
    assert modality_loss(logits).item() == pytest.approx(np.mean(terms))
    some = [z for z in logits if len(z)]  # gradcheck takes no empty tensor
    assert torch.autograd.gradcheck(lambda *_: modality_loss(logits), some)


def test_a_classifier_that_knows_nothing_has_log_m():
    assert modality_loss([torch.zeros(4, 3)] * 3).item() == pytest.approx(math.log(3))


def test_without_items_and_with_one_modality_it_is_zero_with_a_graph():
    z = torch.zeros(0, 2, requires_grad=True)
    loss = modality_loss([z, z])
    torch.autograd.backward(loss)
    assert loss == 0
    z = torch.randn(3, 1, requires_grad=True)
    loss = modality_loss([z])
    torch.autograd.backward(loss)
    assert loss == 0


def test_logits_of_another_number_of_classes_are_an_error():
    for wrong in ([], [torch.zeros(4, 3)] * 2, [torch.zeros(2)] * 2):
        with pytest.raises(InputError, match="logits"):
            modality_loss(wrong)


# The invariance between modalities


def plain(a: Tensor, b: Tensor, positive: Tensor, negative: Tensor, margin: float, weight: float) -> float:
    near, far = [], []
    for i in range(len(a)):
        for j in range(len(b)):
            distance = math.dist(a[i].tolist(), b[j].tolist())
            if positive[i, j]:
                near.append(distance)
            if negative[i, j]:
                far.append(max(0, margin - distance))
    return float(np.mean(near or [0]) + weight * np.mean(far or [0]))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("margin", [0.1, 2.5])
def test_invariance_agrees_with_a_plain_loop(seed: int, margin: float):
    a, b, same = case(seed)
    found = inter_modal_invariance(a, b, same, ~same, margin, 0.7)
    assert found.item() == pytest.approx(plain(a, b, same, ~same, margin, 0.7))
    turned = inter_modal_invariance(b, a, same.T, ~same.T, margin, 0.7)
    assert turned.item() == pytest.approx(found.item())
    order = torch.tensor([3, 1, 4, 0, 2])
    moved = inter_modal_invariance(a[order], b, same[order], ~same[order], margin, 0.7)
    assert moved.item() == pytest.approx(found.item())
    a.requires_grad_()
    b.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: inter_modal_invariance(a, b, same, ~same, margin, 0.7), [a, b])


def test_it_is_the_sum_over_triplets_when_each_anchor_has_as_many_partners():
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((6, 3)), rng.standard_normal((6, 3))
    classes = np.array([0, 0, 1, 1, 2, 2])
    total, count = 0.0, 0
    for i in range(6):
        for j in np.flatnonzero(classes == classes[i]):
            for k in np.flatnonzero(classes != classes[i]):
                total += math.dist(a[i], b[j]) + 0.7 * max(0, 2 - math.dist(a[i], b[k]))
                count += 1
    same = torch.from_numpy(classes[:, None] == classes)
    found = inter_modal_invariance(torch.from_numpy(a), torch.from_numpy(b), same, ~same, 2, 0.7)
    assert found.item() == pytest.approx(total / count)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_equal_embeddings_have_a_finite_gradient(dtype: torch.dtype):
    a = torch.ones(40, 3, dtype=dtype, requires_grad=True)
    b = torch.zeros(40, 3, dtype=dtype, requires_grad=True)
    same = torch.eye(40, dtype=torch.bool)
    for x, y in ((a, a), (b, b), (a, b)):
        loss = inter_modal_invariance(x, y, same, ~same)
        assert loss.dtype == dtype
        for gradient in torch.autograd.grad(loss, [x, y]):
            assert gradient.isfinite().all()


def test_nothing_to_compare_is_zero_with_a_graph():
    a, b, same = case(0)
    a.requires_grad_()
    none = torch.zeros_like(same)
    loss = inter_modal_invariance(a, b, none, none)
    torch.autograd.backward(loss)
    assert loss == 0
    assert a.grad is not None
    assert (a.grad == 0).all()
    one_class = inter_modal_invariance(a, b, ~none, none)
    assert one_class.item() == pytest.approx(plain(a, b, ~none, none, 0.1, 1))
    empty = torch.zeros(0, 3, requires_grad=True)
    torch.autograd.backward(inter_modal_invariance(empty, b, same[:0], same[:0]))


def test_wrong_input_to_the_invariance_is_an_error():
    a, b, same = case(0)
    with pytest.raises(InputError, match="a and b"):
        inter_modal_invariance(a, b[:, :2], same, ~same)
    with pytest.raises(InputError, match="negative: expected bool"):
        inter_modal_invariance(a, b, same, (~same).long())
    with pytest.raises(InputError, match=r"positive: expected bool \(5, 4\)"):
        inter_modal_invariance(a, b, same.T, ~same)
    for wrong in ({"margin": -1.0}, {"weight": math.nan}):
        with pytest.raises(ParameterError, match="margin and weight"):
            inter_modal_invariance(a, b, same, ~same, **wrong)
