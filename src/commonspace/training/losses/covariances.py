"""Covariances of the outputs of several networks: of one batch, or running over batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from commonspace.errors import InputError, ParameterError


def check_batch(n: int, k: int) -> None:
    """Stops where a batch is too small for its covariances to say anything.

    With n <= k every centred batch of k dimensions can be rotated onto every other: all canonical correlations are 1
    whatever the networks do. A batch of about 5k items or more is advised.

    Args:
        n: The number of items in the batch.
        k: The number of output dimensions, the largest where networks differ.

    Raises:
        ParameterError: If n <= k.
    """
    if n <= k:
        raise ParameterError(
            f"a batch for canonical correlations of {k} dimensions needs more than {k} items, better {5 * k}; got {n}."
            " Take a larger batch or fewer components, drop the last incomplete batch, or use RunningCovariances."
        )


def check_outputs(outputs: Sequence[Tensor]) -> list[int]:
    """The widths of two or more outputs (n, k_i) of one n, once they are known to be such.

    Raises:
        InputError: If outputs are fewer than two, not two-dimensional, of different lengths, or not floating point.
    """
    shapes = [tuple(output.shape) for output in outputs]
    if len(shapes) < 2 or any(len(shape) != 2 or shape[1] < 1 for shape in shapes) or len({s[0] for s in shapes}) > 1:
        raise InputError(f"outputs: expected two or more tensors (n, k) of the same n, got shapes {shapes}.")
    for i, output in enumerate(outputs):
        if not output.is_floating_point():
            raise InputError(f"outputs[{i}]: expected floating point, got {output.dtype}.")
    return [shape[1] for shape in shapes]


def in_double(x: Tensor) -> Tensor:
    """The tensor in float64; on the processor where its device, as Apple's, has no float64."""
    return x.to("cpu" if x.device.type == "mps" else x.device, torch.float64)


def joint_covariance(outputs: Sequence[Tensor]) -> Tensor:
    r"""The covariance of all outputs side by side, $S = \bar H^\top \bar H / (n - 1)$, in float64.

    Args:
        outputs: One tensor (n, k_i) per network, rows aligned, n >= 2.

    Returns:
        (sum of k_i, sum of k_i), with a gradient to the outputs. Block i, j is the covariance of outputs i and j.
    """
    joint = side_by_side(outputs)
    return scatter(joint) / max(len(joint) - 1, 1)


def side_by_side(outputs: Sequence[Tensor]) -> Tensor:
    """All outputs as one tensor (n, sum of k_i) in float64."""
    return in_double(torch.cat(list(outputs), dim=1))  # of mixed dtypes, cat takes the wider


def scatter(x: Tensor) -> Tensor:
    """The products of centred columns, (n, k) -> (k, k)."""
    result: Tensor = _Scatter.apply(x)  # type: ignore[no-untyped-call]
    return result


class _Scatter(torch.autograd.Function):
    """With one product on the way back where autograd takes two, and none for the means.

    The gradient, centred rows times (G + G'), has columns of mean zero already.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        centred = x - x.mean(0)
        ctx.save_for_backward(centred)
        return centred.T @ centred

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> Tensor:
        (centred,) = ctx.saved_tensors
        gradient: Tensor = centred @ (outer + outer.T)
        return gradient


class RunningCovariances(nn.Module):
    r"""Exponentially weighted means and covariances over batches, so that small batches suffice.

    After batch t, with rows $h$, mean $\mu$ and weight $d_t$ of the past,

    $$\delta = \operatorname{mean}(h) - \mu_{t-1}, \quad \mu_t = \mu_{t-1} + (1 - d_t) \, \delta, \quad
      S_t = d_t S_{t-1} + (1 - d_t) \, [\operatorname{cov}(h) + d_t \, \delta \delta^\top],$$

    which is the exact covariance under the weights. $d_0 = 0$, and $d_t$ grows to `decay` so that each batch counts
    `decay` times the next from the first on.

    The gradient goes through the current batch only, and as if it were all there is: the value is $S_t$, the gradient
    that of $\operatorname{cov}(h) + d_t \, \delta \delta^\top$. It is the batch's estimate of the full gradient, and
    so the step size need not change with `decay`. The past was made by older networks: with a learning rate so high
    that outputs change within 1 / (1 - decay) batches, estimates lag behind.

    The statistics are updated in training mode only.

    Args:
        widths: The number of dimensions of each output.
        decay: The weight of the past, 0 <= decay < 1. About 1 / (1 - decay) batches count, which together should hold
            5 times as many items as there are dimensions.

    Attributes:
        mean: (sum of widths,) buffer.
        covariance: (sum of widths, sum of widths) buffer.
        batches: Buffer, the number of batches seen.

    Raises:
        ParameterError: If `decay` is not in 0 <= decay < 1, or a width is not positive.

    References:
        W. Wang, R. Arora, K. Livescu, N. Srebro. Stochastic optimization for deep CCA via nonlinear orthogonal
            iterations (Allerton 2015), whose running covariances these are; the treatment of the mean and of the
            gradient is ours.
    """

    mean: Tensor
    covariance: Tensor
    batches: Tensor

    def __init__(self, widths: Sequence[int], decay: float = 0.9) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise ParameterError(f"decay: expected 0 <= decay < 1, got {decay}.")
        if len(widths) < 2 or min(widths) < 1:
            raise ParameterError(f"widths: expected two or more positive numbers, got {list(widths)}.")
        self.widths, self.decay = list(widths), decay
        self.register_buffer("mean", torch.zeros(sum(widths), dtype=torch.float64))
        self.register_buffer("covariance", torch.zeros(sum(widths), sum(widths), dtype=torch.float64))
        self.register_buffer("batches", torch.zeros((), dtype=torch.int64))

    def forward(self, outputs: Sequence[Tensor]) -> Tensor:
        """The joint covariance after one more batch.

        Args:
            outputs: One tensor (n, width) per network, n >= 1.

        Returns:
            (sum of widths, sum of widths), float64.

        Raises:
            InputError: If outputs have other widths, no rows, or hold NaN or infinite values.
        """
        widths = check_outputs(outputs)
        if widths != self.widths or not len(outputs[0]):
            raise InputError(f"outputs: expected widths {self.widths} and some rows, got {widths}, {len(outputs[0])}.")
        joint = side_by_side(outputs)
        if not bool(joint.isfinite().all()):  # one bad batch would stay in the statistics for ever
            raise InputError("outputs: found NaN or infinite values; a smaller learning rate may help.")
        past = self._past_weight()
        mean, covariance = in_double(self.mean).to(joint.device), in_double(self.covariance).to(joint.device)
        shift = joint.mean(0) - mean
        current = scatter(joint) / len(joint) + past * torch.outer(shift, shift)
        value = (past * covariance + (1 - past) * current).detach()
        if self.training:
            self.mean.copy_(mean + (1 - past) * shift.detach())
            self.covariance.copy_(value)
            self.batches += 1
        return value + (current - current.detach())

    def _past_weight(self) -> float:
        """The weight of what came before, so that weights of t + 1 batches are decay^t, ..., decay, 1 up to scale."""
        seen = self.decay ** int(self.batches)
        return self.decay * (1 - seen) / (1 - self.decay * seen)
