"""Losses that know when items are: ranking within a window of time, alignment within a category over time.

Our reading of Semedo and Magalhaes, Diachronic cross-modal embeddings, ACM MM 2019: that L_inter ranks across
categories, L_intra aligns in time within one, and a window of time bounds what is aligned, is the paper's; the
functions themselves are a reconstruction.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .relations import Relations


def within(relations: Relations, distance: Tensor, window: float, *, negatives: bool = False) -> Relations:
    """The same relations, but that only pairs within the window of time are positives, or negatives too.

    Pairs that are left out become unknown: no loss uses them.

    Args:
        relations: Of n anchors and m others.
        distance: (n, m) of time between them, 0 or more.
        window: In the unit of the distances.
        negatives: Leave out negatives beyond the window; else they stay negatives, whenever they are.
    """
    near = distance <= window
    return Relations(relations.positive & near, relations.negative & near if negatives else relations.negative)


def alignment_loss(
    similarity: Tensor,
    relations: Relations,
    distance: Tensor,
    *,
    window: float,
    margin: float,
    alike: Tensor | None = None,
) -> Tensor:
    r"""L_intra: items of one category agree where they are near in time, and may drift apart where they are not.

    $$\operatorname{mean}_{(a, p)} \; [\, c(a, p) \, (1 - m \, \varphi(|t_a - t_p|)) - s(a, p) \,]_+, \qquad
      \varphi(d) = 1 - e^{-\max(0, d - w) / w} :$$

    a floor under the similarity, within the window w of how far the categories of the two are the same, c, that falls
    by the share m of it. It asks nobody to move: a category that stays as it is meets every floor.

    Args:
        similarity: (n, m) cosines.
        relations: Of shape (n, m).
        distance: (n, m) of time.
        window: w, above 0, in the unit of the distances.
        margin: m, how far items of one category may drift apart.
        alike: (n, m) c, from 0 to 1. Default: 1. With several labels an item, less, or all that share one are drawn to
            one point.

    Returns:
        A scalar; 0, with a graph, where there is no positive pair.
    """
    similarity = relations.checked(similarity)
    floor = 1 + margin * torch.expm1(-(distance - window).clamp_min(0) / window)
    if alike is not None:
        floor = floor * alike
    missing = (floor - similarity).clamp_min(0) * relations.positive
    return missing.sum() / relations.positive.sum().clamp_min(1)


def soft_smoothing_loss(similarity: Tensor, relations: Relations, distance: Tensor, *, bandwidth: float) -> Tensor:
    r"""Temporal soft-smoothing: what is alike in category and near in time is drawn together, the nearer the more.

    $$\frac{\sum_{(a, p)} K(|t_a - t_p| / h) \, (1 - s(a, p))}{\sum_{(a, p)} K(|t_a - t_p| / h)}, \qquad
      K(u) = e^{-u^2 / 2}.$$

    Our reading of Semedo and Magalhaes, Temporal cross-media retrieval with soft-smoothing, ACM MM 2018.

    Args:
        similarity: (n, m) cosines.
        relations: Of shape (n, m).
        distance: (n, m) of time.
        bandwidth: h, above 0, in the unit of the distances.

    Returns:
        A scalar; 0, with a graph, where there is no positive pair.
    """
    similarity = relations.checked(similarity)
    weight = torch.exp(-((distance / bandwidth) ** 2) / 2) * relations.positive
    return (weight * (1 - similarity)).sum() / weight.sum().clamp_min(1e-6)
