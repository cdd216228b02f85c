from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.label import label_loss


def case(seed: int, several: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and targets of six items, of which one has no label."""
    rng = np.random.default_rng(seed)
    targets = np.eye(4)[rng.integers(0, 4, 6)]
    if several:
        targets[rng.random(targets.shape) < 0.3] = 1
    targets[2] = 0
    return torch.from_numpy(rng.standard_normal((6, 4)) * 3), torch.from_numpy(targets)


def plain(logits: torch.Tensor, targets: torch.Tensor, kind: str) -> float:
    losses: list[float] = []
    for z, y in zip(logits.tolist(), targets.tolist(), strict=True):
        if not any(y):
            continue
        if kind == "softmax":
            total = math.log(sum(math.exp(value) for value in z))
            losses.append(-sum(t / sum(y) * (value - total) for value, t in zip(z, y, strict=True)))
        else:
            each = [math.log(1 + math.exp(value)) - t * value for value, t in zip(z, y, strict=True)]
            losses.append(sum(each) / len(each))
    return math.fsum(losses) / len(losses)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
def test_agrees_with_a_plain_loop_and_has_the_right_gradient(seed: int, several: bool, kind: str):
    logits, targets = case(seed, several)
    assert label_loss(logits, targets, kind).item() == pytest.approx(plain(logits, targets, kind))  # type: ignore[arg-type]
    logits.requires_grad_()
    assert torch.autograd.gradcheck(lambda z: label_loss(z, targets, kind), [logits])  # type: ignore[arg-type]
    order = torch.tensor([5, 2, 0, 1, 4, 3])
    assert label_loss(logits[order], targets[order], kind).item() == pytest.approx(  # type: ignore[arg-type]
        label_loss(logits, targets, kind).item()  # type: ignore[arg-type]
    )


def test_one_hot_softmax_is_torchs_cross_entropy():
    logits, _ = case(0, several=False)
    classes = torch.tensor([0, 3, 1, 1, 2, 0])
    expected = torch.nn.functional.cross_entropy(logits, classes)
    torch.testing.assert_close(label_loss(logits, torch.eye(4)[classes].bool()), expected)
    torch.testing.assert_close(label_loss(logits, 7 * torch.eye(4)[classes]), expected)


@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
def test_unlabelled_items_have_no_influence(kind: str):
    logits, targets = case(0, several=False)
    logits[2] = math.nan
    logits.requires_grad_()
    loss = label_loss(logits, targets, kind)  # type: ignore[arg-type]
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert gradient.isfinite().all()
    assert (gradient[2] == 0).all()


@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
@pytest.mark.parametrize("n", [0, 3])
def test_without_labels_it_is_zero_with_a_graph(kind: str, n: int):
    logits = torch.randn(n, 4, requires_grad=True)
    loss = label_loss(logits, torch.zeros(n, 4), kind)  # type: ignore[arg-type]
    assert loss == 0
    (gradient,) = torch.autograd.grad(loss, logits)
    assert (gradient == 0).all()


@pytest.mark.parametrize("kind", ["softmax", "sigmoid"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_extreme_logits_are_finite(kind: str, dtype: torch.dtype):
    logits = torch.tensor([[3e4, -3e4, 0.0]], dtype=dtype, requires_grad=True)
    loss = label_loss(logits, torch.tensor([[0, 1, 0]]), kind)  # type: ignore[arg-type]
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.dtype == dtype
    assert loss.isfinite()
    assert gradient.isfinite().all()


def test_large_weights_do_not_overflow():
    targets = torch.full((1, 3), 3e38)
    assert label_loss(torch.zeros(1, 3), targets).item() == pytest.approx(math.log(3))


def test_wrong_input_is_an_error():
    logits, targets = case(0, several=False)
    with pytest.raises(ParameterError, match="kind"):
        label_loss(logits, targets, "hinge")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"\(6, 4\) and \(6, 3\)"):
        label_loss(logits, targets[:, :3])
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="targets: expected 0 or more"):
            label_loss(logits, torch.full_like(targets, wrong))
    with pytest.raises(InputError, match="targets: expected 0 to 1"):
        label_loss(logits, 2 * targets, "sigmoid")
