"""The triplet loss over all triplets of a batch, or over mined ones, without ever listing a triplet.

The loss is piecewise linear in the similarities. Mining therefore only has to count, for every pair, the triplets
above zero that the pair takes part in: with W(a, n) the count of a negative and -W(a, p) that of a positive,

    sum of all terms = sum_aj W(a, j) s(a, j) + sum_an W(a, n) margin(a, n)

is the exact value, and W the exact gradient. The counts need no graph and come from a binary search of every pair
among the sorted positives of its row: O(n m log p) time for at most p positives per anchor, and O(n m) memory.
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
        active = counts.clamp_min(0).sum()
        met = _triplets_met(relations, mining) if reduction == "mean" else active
    # A number as margin enters once per active term; a matrix by the negative of each.
    margins = (counts.clamp_min(0) * margin).sum() if isinstance(margin, Tensor) else active * margin
    return ((counts * similarity).sum() + margins) / met.clamp_min(1)


def _triplets_met(relations: Relations, mining: Mining) -> Tensor:
    """The number of triplets that the mining considers, above zero or not."""
    positives, negatives = _per_row(relations.positive), _per_row(relations.negative)
    met = positives * (negatives if mining == "all" else negatives.clamp_max(1))
    return met.sum()


def _per_row(mask: Tensor) -> Tensor:
    """How many are True: (n,). Counted in 32 bits, as summing booleans copies them to what they are counted in."""
    return mask.sum(1, dtype=torch.int32).long()


def _count_active(similarity: Tensor, relations: Relations, margin: float | Tensor, mining: Mining) -> Tensor:
    """W of the module's docstring, (n, m): triplets above zero per negative, minus those per positive."""
    most = int(_per_row(relations.positive).max()) if similarity.numel() else 0
    if not most:
        return torch.zeros_like(similarity)
    similarity = similarity.contiguous()  # rows are searched, and `similarity.T` comes in columns
    # The term of a triplet is raised(a, n) - s(a, p): with -inf, what is not negative can never be above zero.
    raised = (similarity + margin).masked_fill_(~relations.negative, -inf)
    if mining == "hardest":
        return _count_hardest(similarity, relations.positive, raised)
    # The positives of each row in ascending order, padded by inf to the length of the longest row.
    ascending, columns = similarity.masked_fill(~relations.positive, inf).topk(most, dim=1, largest=False, sorted=True)
    if mining == "all":
        return _count_all(ascending, columns, raised)
    return _count_semi_hard(similarity, ascending, columns, raised)


def _count_hardest(similarity: Tensor, positive: Tensor, raised: Tensor) -> Tensor:
    largest, column = raised.max(1, keepdim=True)
    counts = raised.copy_(positive & (similarity < largest))  # in place, as nothing else takes memory here
    active = counts.sum(1, keepdim=True)
    return counts.neg_().scatter_add_(1, column, active)


def _count_all(ascending: Tensor, columns: Tensor, raised: Tensor) -> Tensor:
    n, most = ascending.shape
    # For every negative, how many positives of its row lie below it: the triplets above zero it takes part in.
    below = torch.searchsorted(ascending, raised, out_int32=n * (most + 1) < 2**31)
    counts = raised.copy_(below)
    # For every positive, how many negatives are above it: all but those with no more positives below than it has.
    below += torch.arange(n, device=below.device, dtype=below.dtype)[:, None] * (most + 1)
    histogram = torch.bincount(below.flatten(), minlength=n * (most + 1)).view(n, most + 1)
    above = raised.shape[1] - histogram.cumsum(1)[:, :most]
    return counts.scatter_add_(1, columns, -above.to(counts.dtype))  # 0 at the padding, which nothing is above


def _count_semi_hard(similarity: Tensor, ascending: Tensor, columns: Tensor, raised: Tensor) -> Tensor:
    n, most = ascending.shape
    # A negative lies below the positives from this rank on. Of each rank, the largest term, and the column it stands in
    # (of equal ones the last).
    rank = torch.searchsorted(ascending, similarity, right=True)
    best = raised.new_full((n, most + 1), -inf).scatter_reduce_(1, rank, raised, "amax")
    column = torch.arange(raised.shape[1], device=raised.device) * (raised == best.gather(1, rank))
    best_column = rank.new_zeros(n, most + 1).scatter_reduce_(1, rank, column, "amax")
    largest, rank_of_largest = best[:, :most].cummax(1)
    chosen = best_column.gather(1, rank_of_largest)
    # Where none lies below the positive: of all, the one with the least term.
    least, least_column = raised.masked_fill(raised == -inf, inf).min(1, keepdim=True)
    none_below = largest == -inf
    largest, chosen = torch.where(none_below, least, largest), torch.where(none_below, least_column, chosen)
    # A row without negatives has inf for its least term, the padding has inf for its positive.
    active = ((largest > ascending) & (largest < inf)).to(raised.dtype)
    return torch.zeros_like(raised).scatter_add_(1, chosen, active).scatter_add_(1, columns, -active)
