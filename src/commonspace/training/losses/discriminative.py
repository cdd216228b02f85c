"""The three losses of deep supervised cross-modal retrieval."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError


def linear_label_loss(predictions: Tensor, targets: Tensor) -> Tensor:
    r"""J1, the mean distance of linear label predictions from the label vectors.

    $$J_1 = \frac1N \sum_i \lVert p_i - y_i \rVert_2$$

    It is the length that counts and not its square, so items that do not fit weigh less. Rows of zeros in the
    targets are items without labels and take no part (our addition); N is the number of the others.

    Args:
        predictions: (n, c), of one modality; DSCMR adds the losses of both.
        targets: (n, c), usually one-hot.

    Returns:
        A number, 0 or more; 0 with a graph where nothing is labelled. The gradient of an exact prediction is zero.

    Raises:
        InputError: If shapes differ.

    References:
        L. Zhen, P. Hu, X. Wang, D. Peng. Deep supervised cross-modal retrieval (CVPR 2019).
    """
    _check_rows("predictions and targets", predictions, targets)
    labelled = (targets != 0).any(dim=1)
    return _mean_length(predictions[labelled] - targets.to(predictions)[labelled])


def similarity_likelihood(a: Tensor, b: Tensor, same: Tensor, known: Tensor | None = None) -> Tensor:
    r"""One term of J2: minus the mean log-likelihood of "same class" under a logistic model of half the cosine.

    $$J_2 = \operatorname{mean}_{ij} [\log (1 + e^{\theta_{ij}}) - S_{ij} \theta_{ij}], \quad
      \theta_{ij} = \tfrac12 \cos(a_i, b_j)$$

    DSCMR adds the terms of (image, image), (image, text) and (text, text). A row of zeros has no direction: its cosines
    are 0 and its gradient is 0.

    Args:
        a: (n, k).
        b: (m, k).
        same: (n, m) bool, S: whether items share a class.
        known: (n, m) bool, pairs of which that is known; None is all.

    Returns:
        A number between log(1 + exp(-1/2)), that of a perfect model, and log(1 + exp(1/2)); 0 with a graph where no
        pair is known.

    Raises:
        InputError: If shapes do not fit or masks are not bool.

    References:
        L. Zhen, P. Hu, X. Wang, D. Peng. Deep supervised cross-modal retrieval (CVPR 2019).
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise InputError(f"a and b: expected (n, k) and (m, k), got {tuple(a.shape)} and {tuple(b.shape)}.")
    for name, mask in (("same", same), ("known", same if known is None else known)):
        if mask.dtype != torch.bool or mask.shape != (len(a), len(b)):
            raise InputError(f"{name}: expected bool {(len(a), len(b))}, got {mask.dtype} {tuple(mask.shape)}.")
    theta = _unit_rows(a) @ _unit_rows(b).T / 2
    losses = F.softplus(theta) - same.to(theta) * theta
    chosen = losses.reshape(-1) if known is None else losses[known]
    return chosen.sum() / max(len(chosen), 1)


def modality_invariance(a: Tensor, b: Tensor) -> Tensor:
    r"""J3, the mean distance between the embeddings of an item in two modalities.

    $$J_3 = \frac1n \sum_i \lVert a_i - b_i \rVert_2$$

    Args:
        a: (n, k), items that have both modalities.
        b: (n, k), rows aligned.

    Returns:
        A number, 0 or more; 0 with a graph for no items. The gradient of a distance of zero is zero.

    Raises:
        InputError: If shapes differ.

    References:
        L. Zhen, P. Hu, X. Wang, D. Peng. Deep supervised cross-modal retrieval (CVPR 2019).
    """
    _check_rows("a and b", a, b)
    return _mean_length(a - b)


def _check_rows(names: str, x: Tensor, y: Tensor) -> None:
    if x.ndim != 2 or x.shape != y.shape:
        raise InputError(f"{names}: expected (n, k) both, got {tuple(x.shape)} and {tuple(y.shape)}.")


def _mean_length(rows: Tensor) -> Tensor:
    lengths = torch.linalg.vector_norm(rows, dim=1)  # whose gradient torch defines as zero at zero
    total: Tensor = lengths.sum()
    return total / max(len(rows), 1)


def _unit_rows(x: Tensor) -> Tensor:
    """Rows of unit length; where one is zero, zero and without gradient."""
    lengths: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    present = lengths > torch.finfo(x.dtype).tiny ** 0.5  # below, squares are nothing, and so is the length's precision
    units: Tensor = x * present / torch.where(present, lengths, torch.ones_like(lengths))
    return units
