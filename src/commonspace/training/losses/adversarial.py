"""Losses of adversarial cross-modal retrieval: which modality an item came from must not show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError


def reverse_gradient(x: Tensor, weight: float) -> Tensor:
    """The input as it is; on the way back its gradient times -weight.

    Between an embedding and the modality classifier, one minimisation trains the classifier to tell modalities apart
    and the networks before it to prevent that.

    Args:
        x: Any tensor.
        weight: Usually 0 to 1; see `reversal_weight`.

    Raises:
        ParameterError: If `weight` is not finite.

    References:
        Y. Ganin, V. Lempitsky. Unsupervised domain adaptation by backpropagation (ICML 2015).
    """
    if not math.isfinite(weight):
        raise ParameterError(f"weight: expected a finite number, got {weight}.")
    result: Tensor = _ReverseGradient.apply(x, weight)  # type: ignore[no-untyped-call]
    return result


class _ReverseGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return x.view_as(x)  # a new tensor: autograd wants no input returned as it is

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * outer, None


def reversal_weight(progress: float) -> float:
    """2 / (1 + exp(-10 p)) - 1: from 0 to nearly 1, so that the classifier first learns what it is to hide.

    Args:
        progress: p, the share of training that is done.

    Raises:
        ParameterError: If `progress` is not in 0 to 1.
    """
    if not 0 <= progress <= 1:
        raise ParameterError(f"progress: expected 0 to 1, got {progress}.")
    return 2 / (1 + math.exp(-10 * progress)) - 1


def modality_loss(logits: Sequence[Tensor]) -> Tensor:
    r"""Cross-entropy of the modality classifier, the mean over modalities of the mean over their items.

    $$L = -\frac1M \sum_m \frac{1}{n_m} \sum_i \log \mathrm{softmax}(z^m_i)_m$$

    The mean over modalities first, so that one that many items lack counts as much. Of one modality, or of none with
    items, it is 0 with a graph. ACMR has two modalities and a sum; ours is its mean.

    Args:
        logits: One tensor (n_m, M) for each of M modalities, in the order of the classes; n_m may be 0.

    Returns:
        A number, 0 or more; log M where the classifier knows nothing.

    Raises:
        InputError: If there are no modalities or a tensor has not M columns.

    References:
        B. Wang, Y. Yang, X. Xu, A. Hanjalic, H. T. Shen. Adversarial cross-modal retrieval (ACM MM 2017).
    """
    shapes = [tuple(z.shape) for z in logits]
    if not shapes or any(len(shape) != 2 or shape[1] != len(shapes) for shape in shapes):
        raise InputError(f"logits: expected one tensor (n, M) for each of M modalities, got shapes {shapes}.")
    terms = [-F.log_softmax(z, dim=1)[:, m].mean() for m, z in enumerate(logits) if len(z)]
    return torch.stack(terms).mean() if terms else torch.cat(list(logits)).sum()


def inter_modal_invariance(
    a: Tensor, b: Tensor, positive: Tensor, negative: Tensor, margin: float = 0.1, weight: float = 1.0
) -> Tensor:
    r"""Distance to what belongs together, and a hinge on the distance to what does not.

    With $d_{ij} = \lVert a_i - b_j \rVert_2$ and the mean over each set of pairs,

    $$L = \operatorname{mean}_{(i, j) \in P} d_{ij} + \lambda \operatorname{mean}_{(i, k) \in N} [\mu - d_{ik}]_+ .$$

    ACMR sums `l2(v_i, t_j+) + lam max(0, mu - l2(v_i, t_k-))` over triplets. The two terms share no index but i, so the
    sum over triplets is a sum over pairs, each counted as often as its anchor has partners of the other kind; we take
    means over pairs, so that neither the size of the batch nor that of a class changes the balance. Both directions
    of ACMR have the same pairs and distances, so this one value stands for either. A set without pairs gives 0.

    Args:
        a: (n, k) embeddings of one modality.
        b: (m, k) of the other.
        positive: (n, m) bool, the pairs P, usually those of the same class.
        negative: (n, m) bool, the pairs N.
        margin: mu >= 0. With unit-length embeddings distances are 0 to 2.
        weight: lambda >= 0.

    Returns:
        A number, 0 or more. The gradient of a distance of zero is zero.

    Raises:
        InputError: If shapes do not fit or the masks are not bool.
        ParameterError: If `margin` or `weight` is negative.

    References:
        B. Wang, Y. Yang, X. Xu, A. Hanjalic, H. T. Shen. Adversarial cross-modal retrieval (ACM MM 2017).
    """
    if not (margin >= 0 and weight >= 0):
        raise ParameterError(f"margin and weight: expected 0 or more, got {margin} and {weight}.")
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise InputError(f"a and b: expected (n, k) and (m, k), got {tuple(a.shape)} and {tuple(b.shape)}.")
    for name, mask in (("positive", positive), ("negative", negative)):
        if mask.dtype != torch.bool or mask.shape != (len(a), len(b)):
            raise InputError(f"{name}: expected bool {(len(a), len(b))}, got {mask.dtype} {tuple(mask.shape)}.")
    # Differences themselves, and not products, which lose a short distance to rounding. No half precision there.
    wide = torch.promote_types(a.dtype, torch.float32)
    distances = torch.cdist(a.to(wide), b.to(wide), compute_mode="donot_use_mm_for_euclid_dist")
    near, far = distances[positive], F.relu(margin - distances[negative])
    return (near.sum() / max(len(near), 1) + weight * far.sum() / max(len(far), 1)).to(a.dtype)
