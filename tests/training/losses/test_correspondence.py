from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.correspondence import correspondence_loss, reconstruction_pairs

VARIANTS = ("own", "cross", "full")


class Case:
    """Codes, originals of different widths and reconstructions by a variant's pairs."""

    def __init__(self, seed: int, variant: str, modalities: int = 2, n: int = 6) -> None:
        rng = np.random.default_rng(seed)

        def draw(*shape: int) -> Tensor:
            return torch.from_numpy(rng.standard_normal(shape)).requires_grad_()

        self.codes = [draw(n, 3) for _ in range(modalities)]
        self.originals = [draw(n, 2 + i).detach() for i in range(modalities)]
        pairs = reconstruction_pairs(variant, modalities)  # type: ignore[arg-type]
        self.reconstructions = {(i, j): draw(n, 2 + j) for i, j in pairs}
        self.present = [torch.from_numpy(rng.random(n) < 0.7) for _ in range(modalities)]

    def loss(self, tie: float = 0.2, present: list[Tensor] | None = None) -> Tensor:
        return correspondence_loss(self.codes, self.reconstructions, self.originals, tie, present)

    def plain(self, tie: float, present: list[Tensor]) -> float:
        def mean_square(a: Tensor, b: Tensor, rows: Tensor) -> float:
            chosen = [i for i in range(len(rows)) if rows[i]]
            return float(np.mean([math.dist(a[i].tolist(), b[i].tolist()) ** 2 for i in chosen])) if chosen else 0.0

        errors = [
            mean_square(made, self.originals[j], present[i] & present[j])
            for (i, j), made in self.reconstructions.items()
        ]
        ties = [
            mean_square(self.codes[i], self.codes[j], present[i] & present[j])
            for i, j in combinations(range(len(self.codes)), 2)
        ]
        return (1 - tie) * sum(errors) + tie * sum(ties)

    def leaves(self) -> list[Tensor]:
        return [*self.codes, *self.reconstructions.values()]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("modalities", [2, 3])
@pytest.mark.parametrize("missing", [False, True])
def test_agrees_with_a_plain_loop_and_has_the_right_gradient(seed: int, variant: str, modalities: int, missing: bool):
    case = Case(seed, variant, modalities)
    everything = [torch.ones(6, dtype=torch.bool)] * modalities
    present = case.present if missing else None
    assert case.loss(0.3, present).item() == pytest.approx(case.plain(0.3, present or everything))
    keys = list(case.reconstructions)

    def loss(*leaves: Tensor) -> Tensor:
        made = dict(zip(keys, leaves[modalities:], strict=True))
        return correspondence_loss(leaves[:modalities], made, case.originals, 0.3, present)

    assert torch.autograd.gradcheck(loss, case.leaves())


def test_the_pairs_of_each_variant():
    assert reconstruction_pairs("own", 3) == [(0, 0), (1, 1), (2, 2)]
    assert reconstruction_pairs("cross", 2) == [(0, 1), (1, 0)]
    assert reconstruction_pairs("full", 2) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    with pytest.raises(ParameterError, match="variant"):
        reconstruction_pairs("both", 2)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="n_modalities"):
        reconstruction_pairs("own", 1)


def test_the_tie_weighs_codes_against_reconstructions():
    case = Case(0, "own")
    gradients = torch.autograd.grad(case.loss(1), case.leaves(), materialize_grads=True)
    assert all((g == 0).all() for g in gradients[2:])
    torch.testing.assert_close(gradients[0], (2 / 6 * (case.codes[0] - case.codes[1])).detach())
    gradients = torch.autograd.grad(case.loss(0), case.leaves(), materialize_grads=True)
    assert all((g == 0).all() for g in gradients[:2])


def test_perfect_codes_have_no_loss_and_a_finite_gradient():
    case = Case(0, "full")
    codes = [case.codes[0], case.codes[0]]
    made = {(i, j): case.originals[j].clone().requires_grad_() for i, j in case.reconstructions}
    loss = correspondence_loss(codes, made, case.originals)
    torch.autograd.backward(loss)
    assert loss == 0
    assert case.codes[0].grad is not None
    assert (case.codes[0].grad == 0).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_missing_has_no_influence_even_where_it_is_nan(variant: str):
    case = Case(1, variant)
    expected = case.loss(0.3, case.present).item()
    for original, there in zip(case.originals, case.present, strict=True):
        original[~there] = math.nan
    with torch.no_grad():
        for code, there in zip(case.codes, case.present, strict=True):
            code[~there] = math.nan
    loss = case.loss(0.3, case.present)
    assert loss.item() == pytest.approx(expected)
    for gradient in torch.autograd.grad(loss, case.leaves()):
        assert gradient.isfinite().all()


def test_items_in_another_order_make_no_difference():
    case = Case(2, "full")
    order = torch.tensor([5, 2, 0, 1, 4, 3])
    made = {key: value[order] for key, value in case.reconstructions.items()}
    moved = correspondence_loss(
        [c[order] for c in case.codes], made, [x[order] for x in case.originals], 0.2, [m[order] for m in case.present]
    )
    assert moved.item() == pytest.approx(case.loss(0.2, case.present).item())


def test_no_items_give_zero_with_a_graph():
    case = Case(0, "full")
    nobody = [torch.zeros(6, dtype=torch.bool)] * 2
    never = [case.present[0], ~case.present[0]]  # nobody has both
    loss = case.loss(0.2, nobody)
    assert loss == 0
    for gradient in torch.autograd.grad(loss, case.leaves()):
        assert (gradient == 0).all()
    assert case.loss(1, never).item() == 0


def test_wrong_input_is_an_error():
    case = Case(0, "own")
    for tie in (-0.1, 1.1, math.nan):
        with pytest.raises(ParameterError, match="tie"):
            case.loss(tie)
    with pytest.raises(InputError, match="codes"):
        correspondence_loss(case.codes[:1], {}, case.originals[:1])
    with pytest.raises(InputError, match="originals"):
        correspondence_loss(case.codes, {}, [case.originals[0], case.originals[1][:3]])
    with pytest.raises(InputError, match=r"reconstructions: expected keys of 0 to 1, got \(0, 2\)"):
        correspondence_loss(case.codes, {(0, 2): case.originals[0]}, case.originals)
    with pytest.raises(InputError, match=r"reconstructions\[0, 1\]: expected shape \(6, 3\), got \(6, 2\)"):
        correspondence_loss(case.codes, {(0, 1): case.originals[0]}, case.originals)
    with pytest.raises(InputError, match="present"):
        case.loss(0.2, [torch.ones(6)] * 2)
