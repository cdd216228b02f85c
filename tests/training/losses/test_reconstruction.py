from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from scipy.special import expit
from scipy.stats import bernoulli, norm, poisson

from commonspace.errors import InputError, ParameterError
from commonspace.training.losses.reconstruction import Likelihood, expectation, reconstruction_loss


def outputs(n: int = 6, d: int = 4) -> torch.Tensor:
    return 3 * torch.randn(n, d, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_each_kind_is_the_likelihood_that_it_names():
    o = outputs()
    x = torch.randint(0, 9, o.shape, generator=torch.Generator().manual_seed(1)).double()
    ones, logits = (x > 4).double(), o.numpy()
    expected = {
        "poisson": -poisson.logpmf(x.numpy(), np.exp(logits)),
        "bernoulli": -bernoulli.logpmf(ones.numpy(), expit(logits)),
        "squared": -norm.logpdf(x.numpy(), logits, 0.5**0.5) - 0.5 * np.log(np.pi),
    }
    for kind in get_args(Likelihood):
        found = reconstruction_loss(o, ones if kind == "bernoulli" else x, kind)
        np.testing.assert_allclose(found.numpy(), expected[kind], err_msg=kind)


@pytest.mark.parametrize("kind", get_args(Likelihood))
def test_what_is_expected_costs_least_and_the_gradient_is_right(kind: Likelihood):
    o = outputs().requires_grad_()
    x = expectation(outputs(), kind)
    (gradient,) = torch.autograd.grad(reconstruction_loss(o, x, kind).sum(), o)
    torch.testing.assert_close(gradient, torch.zeros_like(o), atol=1e-9, rtol=0)
    assert torch.autograd.gradcheck(lambda out: reconstruction_loss(out, x.flip(0), kind), (o,))


def test_shares_count_as_well_as_zeros_and_ones():
    o = outputs()
    half = reconstruction_loss(o, torch.full_like(o, 0.5), "bernoulli")
    ends = [reconstruction_loss(o, torch.full_like(o, end), "bernoulli") for end in (0.0, 1.0)]
    torch.testing.assert_close(half, (ends[0] + ends[1]) / 2)


def test_an_enormous_rate_is_no_infinity():
    o = torch.tensor([[1e4]], requires_grad=True)
    loss = reconstruction_loss(o, torch.tensor([[3.0]]), "poisson")
    assert loss.isfinite().all()
    assert expectation(o, "poisson").isfinite().all()


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [("bernoulli", 1.5, "0 to 1"), ("bernoulli", -0.1, "0 to 1"), ("poisson", -1.0, "0 or more")],
)
def test_a_target_out_of_range_is_an_error(kind: Likelihood, value: float, message: str):
    with pytest.raises(InputError, match=message):
        reconstruction_loss(torch.zeros(1, 2), torch.tensor([[0.5, value]]), kind)


def test_other_kinds_and_shapes_are_errors():
    with pytest.raises(ParameterError, match=r"squared, bernoulli, poisson, got 'gamma'"):
        reconstruction_loss(torch.zeros(1, 2), torch.zeros(1, 2), "gamma")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"\(1, 2\) and \(2, 2\)"):
        reconstruction_loss(torch.zeros(1, 2), torch.zeros(2, 2))
