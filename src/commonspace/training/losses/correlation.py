"""The loss of deep canonical correlation analysis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, combinations
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from commonspace.errors import InputError, ParameterError

from .covariances import RunningCovariances, check_batch, check_outputs, joint_covariance

__all__ = ["correlation_loss", "correlation_sum", "check_batch", "RunningCovariances"]

LEAST_CORRELATION = 1e-6
"""Below it a singular value is rounding, and its singular vectors any: it takes no part in the gradient."""

LEAST_RIDGE = 1e-10
"""Added to the ridge, relative to the mean variance, so that any covariance has a Cholesky factor in float64."""


def correlation_loss(
    outputs: Sequence[Tensor],
    ridge: float = 1e-4,
    n_components: int | None = None,
    running: RunningCovariances | None = None,
) -> Tensor:
    r"""Minus the sum of canonical correlations between outputs of networks, over all pairs of them.

    For two outputs with centred rows $\bar H_1, \bar H_2$,

    $$L = -\sum_{i \le c} \sigma_i(T), \quad T = \tilde S_{11}^{-1/2} S_{12} \tilde S_{22}^{-1/2}, \quad
      S_{ij} = \tfrac{\bar H_i^\top \bar H_j}{n - 1}, \quad
      \tilde S_{ii} = S_{ii} + r \, \tfrac{\mathrm{tr} S_{ii}}{k} I,$$

    which is minus the trace norm of T where all components count. The ridge is relative to the mean variance (Andrew
    et al. add an absolute one), so that the loss does not depend on the scale of the outputs. For more than two
    networks the loss is the sum over pairs: it stays bounded by c for each pair, it treats all modalities alike, and
    two are the special case; MAXVAR would instead put one common latent between them.

    All is computed in float64, and the gradient in closed form: no eigenvector is differentiated, so equal or
    vanishing correlations, equal views and columns that repeat do no harm.
    Cost: O(n (sum of k)^2) and O(k^3) for each pair.

    Args:
        outputs: Two or more tensors (n, k_i), rows aligned by item, n larger than every k_i.
        ridge: r >= 0. 1e-10 is always added, which costs correlations about 1e-10 times the condition of S.
        n_components: c, the number of leading correlations that count; None is all, the smaller k of each pair.
        running: Running covariances, which the batch updates and which then take the place of the batch's own; the
            batch may then be as small as one item.

    Returns:
        A number in 0 to -c for each pair, in the dtype of the first output.

    Raises:
        InputError: If outputs are not as described, or hold NaN or infinite values.
        ParameterError: If the batch is too small, `ridge` negative, or `n_components` not in 1 to the least k.

    References:
        G. Andrew, R. Arora, J. Bilmes, K. Livescu. Deep canonical correlation analysis (ICML 2013).
        F. Yan, K. Mikolajczyk. Deep correlation for matching images and text (CVPR 2015).
    """
    widths = check_outputs(outputs)
    if running is None:
        check_batch(len(outputs[0]), max(widths))
        covariance = joint_covariance(outputs)
    else:
        covariance = running(outputs)
    # What is less than the rounding of the outputs' own dtype is no variance: a constant output stays harmless.
    floors = [_rounding_variance(output) for output in outputs]
    total = correlation_sum(covariance, widths, ridge, n_components, floors)
    return -total.to(outputs[0].device, outputs[0].dtype)


def correlation_sum(
    covariance: Tensor,
    widths: Sequence[int],
    ridge: float = 1e-4,
    n_components: int | None = None,
    floors: Sequence[float] | None = None,
) -> Tensor:
    """The sum of leading canonical correlations over all pairs of blocks of a joint covariance.

    Args:
        covariance: (sum of widths, sum of widths) in float64, symmetric.
        widths: The size of each block.
        ridge: As for `correlation_loss`.
        n_components: As for `correlation_loss`.
        floors: A variance for each block that is added to the diagonal besides; None is the smallest there is.

    Returns:
        A number, with a gradient to the covariance.

    Raises:
        InputError: If the covariance holds NaN or infinite values.
        ParameterError: As for `correlation_loss`.
    """
    if not (ridge >= 0 and math.isfinite(ridge)):
        raise ParameterError(f"ridge: expected a number of 0 or more, got {ridge}.")
    if n_components is not None and not 1 <= n_components <= min(widths):
        raise ParameterError(f"n_components: expected 1 to {min(widths)}, the least width, got {n_components}.")
    if not math.isfinite(float(covariance.detach().sum())):  # a sum meets every NaN and infinity, in one pass
        raise InputError("outputs: found NaN or infinite values; a smaller learning rate or larger ridge may help.")
    smallest = [_SMALLEST_VARIANCE] * len(widths) if floors is None else list(floors)
    arguments = (covariance, list(widths), ridge + LEAST_RIDGE, n_components, smallest)
    result: Tensor = _CorrelationSum.apply(*arguments)  # type: ignore[no-untyped-call]
    return result


class _CorrelationSum(torch.autograd.Function):
    r"""The sum with its gradient in closed form.

    With $W_i$ such that $W_i W_i^\top = \tilde S_{ii}^{-1}$ and $W_1^\top S_{12} W_2 = U D V^\top$, cut to the
    components that count,

    $$\nabla_{12} = W_1 U V^\top W_2^\top, \quad \nabla_{11} = -\tfrac12 W_1 U D U^\top W_1^\top,$$

    and the part of $\nabla_{11}$ that goes through the ridge is $\tfrac{r}{k} \, \mathrm{tr}(\nabla_{11}) I$. We take
    $W = L^{-\top}$ from a Cholesky factor in place of $\tilde S^{-1/2}$: correlations and gradient are the same.
    """

    @staticmethod
    def forward(
        ctx: Any, S: Tensor, widths: list[int], ridge: float, n_components: int | None, floors: list[float]
    ) -> Tensor:
        ends = list(accumulate(widths))
        blocks = [slice(end - width, end) for end, width in zip(ends, widths, strict=True)]
        gradient = torch.zeros_like(S)
        own = [gradient[block, block] for block in blocks]
        factors = []
        for block, floor in zip(blocks, floors, strict=True):
            regularised = S[block, block].clone()
            diagonal = regularised.diagonal()
            diagonal += ridge * diagonal.mean() + floor
            factors.append(torch.linalg.cholesky(regularised))
        total = S.new_zeros(())
        for i, j in combinations(range(len(blocks)), 2):
            half = torch.linalg.solve_triangular(factors[i], S[blocks[i], blocks[j]], upper=False)
            T = torch.linalg.solve_triangular(factors[j], half.T, upper=False).T
            U, D, Vh = torch.linalg.svd(T, full_matrices=False)
            U, D, Vh = U[:, :n_components], D[:n_components], Vh[:n_components]
            total += D.sum()
            counts = (LEAST_CORRELATION < D).to(D)  # a null singular value is at the tip of a cone: 0 is a subgradient
            A = torch.linalg.solve_triangular(factors[i].T, U * counts, upper=True)
            B = torch.linalg.solve_triangular(factors[j].T, Vh.T * counts, upper=True)
            gradient[blocks[i], blocks[j]] = A @ B.T
            own[i].addmm_(A * D, A.T, alpha=-0.5)
            own[j].addmm_(B * D, B.T, alpha=-0.5)
        for part in own:
            diagonal = part.diagonal()
            diagonal += ridge * diagonal.mean()
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor, None, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return outer * gradient, None, None, None, None


_SMALLEST_VARIANCE = 1e-150
"""Keeps the Cholesky factor of a block of zeros, and its inverse, within float64."""


def _rounding_variance(output: Tensor) -> float:
    """The variance that rounding alone may give to outputs of this size and dtype.

    Nor is it so small that a gradient, which goes as 1 / deviation, would be infinite in that dtype.
    """
    limits = torch.finfo(output.dtype)
    least, largest = torch.aminmax(output.detach())  # a vector norm of infinity takes ten times as long
    size = max(-float(least), float(largest))
    deviation = max(size * limits.eps, 16 / limits.max)
    return max(deviation**2, _SMALLEST_VARIANCE)
