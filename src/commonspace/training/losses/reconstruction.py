"""How far a reconstruction is from what it should be, for columns of several kinds."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError

Likelihood = Literal["squared", "bernoulli", "poisson"]
"""Real numbers, shares or 0 and 1, and counts."""

LIKELIHOODS: tuple[str, ...] = get_args(Likelihood)

LARGEST = 20.0
"""Logarithms of rates are cut off there: e^20 is more than any count, and its square still a float32."""


def reconstruction_loss(output: Tensor, target: Tensor, kind: Likelihood = "squared") -> Tensor:
    r"""What each column's reconstruction costs.

    With outputs o and targets x,

    - "squared": $(x - o)^2$;
    - "bernoulli": $-x \log s(o) - (1 - x) \log (1 - s(o))$ with the logistic s, for x from 0 to 1;
    - "poisson": $e^o - x o + \log x!$, for x of 0 or more.

    The latter two are negative log-likelihoods.

    Args:
        output: (n, d), of any size.
        target: (n, d).
        kind: Which of the three.

    Returns:
        (n, d).

    Raises:
        InputError: If shapes differ, or targets are out of range.
        ParameterError: If `kind` is none of them.
    """
    if kind not in LIKELIHOODS:
        raise ParameterError(f"kind: expected one of {', '.join(LIKELIHOODS)}, got {kind!r}.")
    if output.shape != target.shape:
        raise InputError(f"output and target: expected one shape, got {tuple(output.shape)} and {tuple(target.shape)}.")
    if kind == "squared":
        return (target - output) ** 2
    if kind == "bernoulli":
        if not bool(((target >= 0) & (target <= 1)).all()):
            raise InputError('target: expected 0 to 1 for "bernoulli".')
        return F.binary_cross_entropy_with_logits(output, target, reduction="none")
    if not bool((target >= 0).all()):
        raise InputError('target: expected 0 or more for "poisson".')
    rate = output.clamp(max=LARGEST)
    return rate.exp() - target * rate + torch.lgamma(target + 1)


def expectation(output: Tensor, kind: Likelihood) -> Tensor:
    """(n, d) what is expected of the columns, of outputs (n, d): themselves, probabilities or rates."""
    if kind == "squared":
        return output
    return output.sigmoid() if kind == "bernoulli" else output.clamp(max=LARGEST).exp()
