"""Contrastive losses over the pairs of a batch: softmax (InfoNCE), sigmoid (SigLIP) and distances with a margin."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError

from .relations import Relations, at_least_float32


def info_nce(similarity: Tensor, relations: Relations, scale: float | Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Symmetric cross-entropy of finding the positives of a row among its positives and negatives.

    `1/2 (mean_i H(t_i, softmax_j(scale s_ij)) + mean_j H(t_j, softmax_i(scale s_ij)))`, where t spreads evenly over
    the positives of a row. With the diagonal as the only positives this is CLIP's loss. Unknown pairs are in no
    denominator; rows without a positive or without a negative, which have nothing to find, are left out.

    Args:
        similarity: (n, m), larger is more alike.
        relations: Of shape (n, m).
        scale: The inverse temperature; a tensor may be learnt.
        label_smoothing: The share of t, in [0, 1), that spreads evenly over all known pairs of a row.

    Returns:
        A scalar; 0, with a graph, where no row is left.

    Raises:
        InputError: Shapes do not match.
        ParameterError: `label_smoothing` is outside its range.

    Source:
        Radford et al.: Learning transferable visual models from natural language supervision. ICML 2021. Several
        positives: Khosla et al.: Supervised contrastive learning. NeurIPS 2020 (the sum outside the logarithm).
    """
    if not 0 <= label_smoothing < 1:
        raise ParameterError(f"label_smoothing must be in [0, 1), got {label_smoothing!r}.")
    logits = relations.checked(similarity) * scale
    there = _cross_entropy(logits, relations, label_smoothing)
    back = _cross_entropy(logits.T, relations.transposed(), label_smoothing)
    return (there + back) / 2


def _cross_entropy(logits: Tensor, relations: Relations, label_smoothing: float) -> Tensor:
    """One direction: the mean over rows that have a positive and a negative."""
    positive, known = relations.positive, relations.positive | relations.negative
    if not logits.numel():
        return logits.sum()
    asking = positive.any(1) & relations.negative.any(1)
    target = _evenly(positive, logits.dtype)
    if label_smoothing:
        target = (1 - label_smoothing) * target + label_smoothing * _evenly(known, logits.dtype)
    # The least number instead of -inf, for which a row without known pairs would be NaN.
    unknown = torch.finfo(logits.dtype).min
    logits = logits - logits.detach().masked_fill(~known, unknown).amax(1, keepdim=True).clamp_min(unknown / 2)
    losses = logits.masked_fill(~known, unknown).logsumexp(1) - (target * logits).sum(1)
    return torch.where(asking, losses, 0).sum() / asking.sum().clamp_min(1)


def _evenly(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Rows that sum to 1, spread over what is True."""
    return mask.to(dtype) / mask.sum(1, keepdim=True).clamp_min(1)


def sigmoid_loss(similarity: Tensor, relations: Relations, scale: float | Tensor, bias: float | Tensor) -> Tensor:
    """Every pair judged on its own, `-1/n sum_ij log sigmoid(z_ij (scale s_ij + bias))`, z = 1 or -1.

    Args:
        similarity: (n, m), larger is more alike.
        relations: Of shape (n, m); unknown pairs are left out of the sum.
        scale: The inverse temperature; a tensor may be learnt.
        bias: Likewise; about -10 at the start, as most pairs are negative.

    Returns:
        A scalar; 0, with a graph, where no pair is known. A batch of positives alone still draws them together.

    Raises:
        InputError: Shapes do not match.

    Source:
        Zhai, Mustafa, Kolesnikov, Beyer: Sigmoid loss for language image pre-training. ICCV 2023.
    """
    logits = relations.checked(similarity) * scale + bias
    losses = F.softplus(torch.where(relations.positive, -logits, logits))
    known = relations.positive | relations.negative
    return torch.where(known, losses, 0).sum() / max(len(logits), 1)


def pairwise_contrastive(distance_squared: Tensor, relations: Relations, margin: float = 1.0) -> Tensor:
    """Positives drawn together, negatives pushed apart up to a margin.

    `1/(2n) sum_ij l_ij`, where l is d^2 for a positive pair and (m - d)_+^2 for a negative one.

    Args:
        distance_squared: (n, m), d^2 >= 0, for example from `squared_distances`.
        relations: Of shape (n, m); unknown pairs are left out of the sum.
        margin: m.

    Returns:
        A scalar; 0, with a graph, where no pair is known. A negative pair at distance zero has no direction to part
        in: its gradient is zero.

    Raises:
        InputError: Shapes do not match.
        ParameterError: `margin` is below 0.

    Source:
        Hadsell, Chopra, LeCun: Dimensionality reduction by learning an invariant mapping. CVPR 2006; over all pairs of
        a batch as in Peng, Qi, Huang, Yuan: CCL. IEEE TMM 20(2), 2018.
    """
    if not margin >= 0:
        raise ParameterError(f"margin must be at least 0, got {margin!r}.")
    d2 = relations.checked(distance_squared, "distance_squared")
    apart = d2 > 0
    # The square root has an infinite slope at 0, which times 0 would be NaN: 0 never enters it.
    distance = torch.where(apart, torch.where(apart, d2, 1).sqrt(), 0)
    pull = torch.where(relations.positive, d2, 0)
    push = torch.where(relations.negative, (margin - distance).clamp_min(0).square(), 0)
    return (pull + push).sum() / (2 * max(len(d2), 1))


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Squared Euclidean distances of all rows of one matrix to all of another, by one product.

    Args:
        a: (n, k).
        b: (m, k).

    Returns:
        (n, m), none below 0, in at least float32.

    Raises:
        InputError: They are not matrices with rows of one length.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise InputError(f"a and b must be (n, k) and (m, k), got {tuple(a.shape)} and {tuple(b.shape)}.")
    a, b = at_least_float32(a), at_least_float32(b)
    # Distances do not change when both move, and rounding is least about a common centre.
    centre = torch.cat([a, b]).detach().mean(0) if len(a) + len(b) else 0
    a, b = a - centre, b - centre
    return (a.square().sum(1)[:, None] + b.square().sum(1)[None, :] - 2 * a @ b.T).clamp_min(0)
