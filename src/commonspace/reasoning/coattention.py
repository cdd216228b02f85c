"""Co-attention: each of two streams asks, and the other answers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.encoders.bert import BertConfig


class CrossAttention(nn.Module):
    r"""One stream attends to the other, then a feed-forward network of its own.

    With states X of the stream that asks and Y of the one that answers,

    $$C = \mathrm{softmax}\!\left(\frac{Q_X K_Y^\top}{\sqrt{d}} + \mathrm{mask}_Y\right) V_Y, \qquad
      X' = \mathrm{LN}(X + W C), \qquad X'' = \mathrm{LN}(X' + \mathrm{FFN}(X')).$$

    Args:
        asking: The sizes of the stream that asks.
        answering: The width of the other.
        width: Of queries, keys and values.
        heads: Each of d = width / heads columns.
    """

    def __init__(self, asking: BertConfig, answering: int, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.dropout = heads, asking.dropout
        self.query = nn.Linear(asking.hidden, width)
        self.key, self.value = nn.Linear(answering, width), nn.Linear(answering, width)
        self.attended = nn.Linear(width, asking.hidden)
        self.attention_norm = nn.LayerNorm(asking.hidden, asking.epsilon)
        self.inner = nn.Linear(asking.hidden, asking.intermediate)
        self.outer = nn.Linear(asking.intermediate, asking.hidden)
        self.output_norm = nn.LayerNorm(asking.hidden, asking.epsilon)

    def forward(self, asking: Tensor, answering: Tensor, mask: Tensor) -> Tensor:
        """Attends.

        Args:
            asking: (n, a, h) states.
            answering: (n, b, g) states.
            mask: (n, b), which of them are real; at least one of each row.

        Returns:
            (n, a, h).
        """
        dropout = self.dropout if self.training else 0.0
        query, key, value = self._heads_of(asking, answering)
        context = F.scaled_dot_product_attention(query, key, value, mask[:, None, None, :], dropout)
        attended = self.attended(context.transpose(1, 2).flatten(2))
        states = self.attention_norm(asking + F.dropout(attended, dropout))
        normed: Tensor = self.output_norm(states + F.dropout(self.outer(F.gelu(self.inner(states))), dropout))
        return normed

    def weights(self, asking: Tensor, answering: Tensor, mask: Tensor) -> Tensor:
        """(n, heads, a, b): how much each state attends to each of the other stream; rows sum to 1."""
        query, key, _ = self._heads_of(asking, answering)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        return torch.softmax(scores.masked_fill(~mask[:, None, None, :], -math.inf), -1)

    def _heads_of(self, asking: Tensor, answering: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        query, key, value = (
            states.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for states in (self.query(asking), self.key(answering), self.value(answering))
        )
        return query, key, value


class Connection(nn.Module):
    """A co-attention block: both streams ask at once, each the states that the other had before.

    Args:
        text: The sizes of the text stream.
        vision: Those of the visual one.
        width: Of queries, keys and values.
        heads: Of the attention.

    References:
        J. Lu, D. Batra, D. Parikh, S. Lee, ViLBERT: pretraining task-agnostic visiolinguistic representations for
        vision-and-language tasks, NeurIPS 2019.
    """

    def __init__(self, text: BertConfig, vision: BertConfig, width: int, heads: int) -> None:
        super().__init__()
        self.text = CrossAttention(text, vision.hidden, width, heads)
        self.vision = CrossAttention(vision, text.hidden, width, heads)

    def forward(self, text: Tensor, vision: Tensor, real_text: Tensor, real_vision: Tensor) -> tuple[Tensor, Tensor]:
        """(n, l, h) and (n, r, g) states and which are real -> the same shapes."""
        return self.text(text, vision, real_vision), self.vision(vision, text, real_text)
