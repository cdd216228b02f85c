"""Classification against label vectors of one or several classes."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError, ParameterError


def label_loss(logits: Tensor, targets: Tensor, kind: Literal["softmax", "sigmoid"] = "softmax") -> Tensor:
    r"""Cross-entropy between predicted and given labels, over the rows that have labels.

    With N labelled rows, logits $z$ and targets $y$,

    - "softmax": $-\tfrac1N \sum_i \sum_c \frac{y_{ic}}{\sum_b y_{ib}} \log \mathrm{softmax}(z_i)_c$, one class or a
      distribution over classes for each item;
    - "sigmoid": $-\tfrac{1}{N c} \sum_i \sum_c [y_{ic} \log s(z_{ic}) + (1 - y_{ic}) \log (1 - s(z_{ic}))]$ with the
      logistic $s$, each class a question of its own.

    A row of zeros is an item without labels and takes no part. Without any labelled row the loss is 0, with a graph.

    Args:
        logits: (n, c).
        targets: (n, c), bool or numbers: 0 or more for "softmax", 0 to 1 for "sigmoid".
        kind: Which of the two.

    Returns:
        A number, 0 or more.

    Raises:
        InputError: If shapes differ, or targets are out of range.
        ParameterError: If `kind` is neither.

    References:
        Y. Wei et al. Cross-modal retrieval with CNN visual features (IEEE Transactions on Cybernetics 47(2), 2017),
            for the classifier as a shared space; dividing the targets by their sum is our reading of it.
    """
    if kind not in ("softmax", "sigmoid"):
        raise ParameterError(f'kind: expected "softmax" or "sigmoid", got {kind!r}.')
    if logits.ndim != 2 or logits.shape != targets.shape:
        raise InputError(
            f"logits and targets: expected (n, c) both, got {tuple(logits.shape)} and {tuple(targets.shape)}."
        )
    y = targets.to(logits)
    highest = torch.finfo(y.dtype).max if kind == "softmax" else 1
    if not bool(((y >= 0) & (y <= highest)).all()):  # NaN is neither
        raise InputError(f"targets: expected {'0 or more' if kind == 'softmax' else '0 to 1'} for {kind!r}.")
    labelled = (y > 0).any(dim=1)
    z, y = logits[labelled], y[labelled]
    if not len(z):
        return z.sum()  # of nothing, and so 0 whatever the logits are
    if kind == "sigmoid":
        return F.binary_cross_entropy_with_logits(z, y)
    y = y / y.amax(dim=1, keepdim=True)  # first, so that the sum of large weights is finite
    return -(y / y.sum(dim=1, keepdim=True) * F.log_softmax(z, dim=1)).sum(dim=1).mean()
