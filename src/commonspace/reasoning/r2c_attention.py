"""Attention of one sequence to another by a bilinear form."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class BilinearAttention(nn.Module):
    r"""For each state that asks, the mean of the states that answer, weighted by a bilinear form.

    $$\hat{b}_i = \sum_j \mathrm{softmax}_j(a_i^\top W b_j) \, b_j$$

    The published code adds one number to all forms. Softmax takes no notice of it, so it is left out.

    Args:
        asking: The width of the states that ask.
        answering: The width of those that answer.
    """

    def __init__(self, asking: int, answering: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(asking, answering))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, asking: Tensor, answering: Tensor, real: Tensor) -> Tensor:
        """Attends.

        Args:
            asking: (n, a, h) states.
            answering: (n, b, g) states.
            real: (n, b), which of them are there; at least one of each row.

        Returns:
            (n, a, g).
        """
        scores = asking @ self.weight @ answering.transpose(1, 2)
        return torch.softmax(scores.masked_fill(~real[:, None], -math.inf), -1) @ answering
