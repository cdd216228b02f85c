"""The triplet loss over all triplets of a batch, or over mined ones, without ever listing a triplet.

The loss is piecewise linear in the similarities. Mining therefore only has to count, for every pair, the triplets
above zero that the pair takes part in: with W(a, n) the count of a negative and -W(a, p) that of a positive,

    sum of all terms = sum_aj W(a, j) s(a, j) + sum_an W(a, n) margin(a, n)

is the exact value, and W the exact gradient. The counts need no graph and come from sorted positives, so that time is
O(n m log p) for at most p positives per anchor (a binary search per pair) and memory O(n m).
"""

from __future__ import annotations

from math import inf
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor

from commonspace.errors import InputError, ParameterError

from .relations import Relations

Mining: TypeAlias = Literal["all", "semi-hard", "hardest"]
Reduction: TypeAlias = Literal["mean", "active"]


def triplet_loss(
    similarity: Tensor,
    relations: Relations,
    *,
    margin: float | Tensor,
    mining: Mining = "all",
    reduction: Reduction = "mean",
) -> Tensor:
    """The hinge `[margin(a, n) - s(a, p) + s(a, n)]_+` over triplets of an anchor, a positive and a negative.

    Anchors are the rows: for both directions of a cross-modal loss, add the loss of `similarity.T` and
    `relations.transposed()`.

    Args:
        similarity: (n, m), larger is more alike.
        relations: Of shape (n, m). If rows and columns are the same set, take the diagonal out of the positives.
        margin: One number, or (n, m): what each negative must keep from its anchor's positives.
        mining: Which negatives each pair (a, p) meets. "all": every one. "hardest": the one with the largest term
            (the maximum violation of VSE++). "semi-hard": the one with the largest term among those less similar to
            the anchor than the positive is, s(a, n) < s(a, p); where there is none, the one with the least term of all
            (the least violating one, as in the usual implementation of FaceNet's mining).
        reduction: "mean" divides by the number of triplets met, "active" by the number of those above zero.

    Returns:
        A scalar, float32 or float64; 0, with a graph, where no anchor has both a positive and a negative. The gradient
        of a term of exactly zero is zero.

    Raises:
        InputError: Shapes do not match.
        ParameterError: `margin` is a negative number, or `mining` or `reduction` is unknown.

    Source:
        Schroff, Kalenichenko, Philbin: FaceNet. CVPR 2015 (semi-hard). Faghri, Fleet, Kiros, Fidler: VSE++. BMVC 2018
        (hardest). Hermans, Beyer, Leibe: In defense of the triplet loss. 2017 (the mean over active triplets).
    """
    if mining not in get_args(Mining):
        raise ParameterError(f"mining must be one of {', '.join(get_args(Mining))}, got {mining!r}.")
    if reduction not in get_args(Reduction):
        raise ParameterError(f"reduction must be one of {', '.join(get_args(Reduction))}, got {reduction!r}.")
    similarity = relations.checked(similarity)
    if isinstance(margin, Tensor):
        if margin.shape not in (similarity.shape, torch.Size()):
            raise InputError(f"margin must be one number or {tuple(similarity.shape)}, got {tuple(margin.shape)}.")
        margin = margin.to(similarity.dtype)
    elif not 0 <= margin < inf:
        raise ParameterError(f"margin must be a number of at least 0, got {margin!r}.")
    with torch.no_grad():
        counts = _count_active(similarity, relations, margin, mining)
        asked = counts.clamp_min(0)
        active = asked.sum()
        met = _triplets_met(relations, mining) if reduction == "mean" else active
    # A number as margin enters once per active term; a matrix by the negative of each.
    margins = (asked * margin).sum() if isinstance(margin, Tensor) else active * margin
    return ((counts * similarity).sum() + margins) / met.clamp_min(1)


def _triplets_met(relations: Relations, mining: Mining) -> Tensor:
    """The number of triplets that the mining considers, above zero or not."""
    positives, negatives = relations.positive.sum(1), relations.negative.sum(1)
    met = positives * (negatives if mining == "all" else negatives.clamp_max(1))
    return met.sum()


def _count_active(similarity: Tensor, relations: Relations, margin: float | Tensor, mining: Mining) -> Tensor:
    """W of the module's docstring, (n, m): triplets above zero per negative, minus those per positive."""
    most = int(relations.positive.sum(1).max()) if similarity.numel() else 0
    if not most:
        return torch.zeros_like(similarity)
    # The term of a triplet is raised(a, n) - s(a, p): what is not negative can never be above zero.
    raised = (similarity + margin).masked_fill_(~relations.negative, -inf)
    if mining == "hardest":
        return _count_hardest(similarity, relations.positive, raised)
    # Positives of each row in ascending order, padded by inf to the length of the longest row.
    candidates = similarity.masked_fill(~relations.positive, inf)
    ascending, columns = candidates.topk(most, dim=1, largest=False, sorted=True)
    del candidates
    if mining == "all":
        return _count_all(ascending, columns, raised)
    return _count_semi_hard(similarity, ascending, columns, raised)


def _count_hardest(similarity: Tensor, positive: Tensor, raised: Tensor) -> Tensor:
    largest, column = raised.max(1, keepdim=True)
    active = positive & (similarity < largest)
    # In place, as neither is needed any more: this step is all there is to the memory.
    counts = raised.copy_(active).neg_()
    return counts.scatter_add_(1, column, active.sum(1, keepdim=True).to(counts.dtype))


def _count_all(ascending: Tensor, columns: Tensor, raised: Tensor) -> Tensor:
    n, most = ascending.shape
    # For every negative, how many positives of its row lie below it: the triplets above zero it takes part in.
    below = torch.searchsorted(ascending, raised, out_int32=n * (most + 1) < 2**31)
    counts = raised.copy_(below)
    # For every positive, how many negatives lie above it: those that are above more positives than its own rank.
    below += torch.arange(n, device=below.device, dtype=below.dtype)[:, None] * (most + 1)
    histogram = torch.bincount(below.flatten(), minlength=n * (most + 1)).view(n, most + 1)
    above = raised.shape[1] - histogram.cumsum(1)[:, :-1]
    return counts.scatter_add_(1, columns, -above.to(counts.dtype))  # 0 at the padding, which nothing is above


def _count_semi_hard(similarity: Tensor, ascending: Tensor, columns: Tensor, raised: Tensor) -> Tensor:
    n, most = ascending.shape
    # A negative lies below the positives from this rank on; the last bucket lies below none.
    bucket = torch.searchsorted(ascending, similarity.contiguous(), right=True)
    best = raised.new_full((n, most + 1), -inf).scatter_reduce_(1, bucket, raised, "amax")
    # Which negative it was that made the best of its bucket (of equal ones, the last).
    there = torch.arange(raised.shape[1], device=raised.device).expand_as(raised)
    there = there.masked_fill(raised < best.gather(1, bucket), 0)
    best_column = torch.zeros_like(bucket[:, :1]).expand(n, most + 1).clone().scatter_reduce_(1, bucket, there, "amax")
    largest, bucket_of_largest = best[:, :most].cummax(1)
    chosen = best_column.gather(1, bucket_of_largest)
    # Where nothing lies below the positive: the least violating negative.
    least, least_column = raised.masked_fill(raised == -inf, inf).min(1, keepdim=True)
    nothing_below = largest == -inf
    largest, chosen = torch.where(nothing_below, least, largest), torch.where(nothing_below, least_column, chosen)
    # A row without negatives has inf for its least term, the padding has inf for its positive.
    active = ((largest > ascending) & (largest < inf)).to(raised.dtype)
    counts = torch.zeros_like(raised).scatter_add_(1, chosen, active)
    return counts.scatter_add_(1, columns, -active)
