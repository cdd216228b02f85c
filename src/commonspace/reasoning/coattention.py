"""Co-attention: each of two streams asks, and the other answers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.encoders.bert import BertConfig, split_heads
from commonspace.encoders.padding import Padding


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

    def forward(self, asking: Tensor, answering: Tensor, of_asking: Padding, of_answering: Padding) -> Tensor:
        """Attends.

        Args:
            asking: (n, a, h) states.
            answering: (n, b, g) states.
            of_asking: Which of those that ask are real.
            of_answering: Which of the others; at least one of each row.

        Returns:
            (n, a, h), 0 where padding is left out.
        """
        dropout = self.dropout if self.training else 0.0
        query, key, value = self._heads_of(asking, answering, of_asking, of_answering)
        context = F.scaled_dot_product_attention(query, key, value, of_answering.keys, dropout)
        attended = self.attended(of_asking.without(context.transpose(1, 2).flatten(2)))
        states = self.attention_norm(of_asking.without(asking) + F.dropout(attended, dropout))
        states = self.output_norm(states + F.dropout(self.outer(F.gelu(self.inner(states))), dropout))
        return of_asking.back(states)

    def weights(self, asking: Tensor, answering: Tensor, of_asking: Padding, of_answering: Padding) -> Tensor:
        """(n, heads, a, b): how much each state attends to each of the other stream; rows sum to 1."""
        query, key, _ = self._heads_of(asking, answering, of_asking, of_answering)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        return torch.softmax(scores.masked_fill(~of_answering.keys, -math.inf), -1)

    def _heads_of(
        self, asking: Tensor, answering: Tensor, of_asking: Padding, of_answering: Padding
    ) -> tuple[Tensor, Tensor, Tensor]:
        asks, answers = of_asking.without(asking), of_answering.without(answering)
        query, key, value = (
            split_heads(padding.back(states), self.heads)
            for states, padding in (
                (self.query(asks), of_asking),
                (self.key(answers), of_answering),
                (self.value(answers), of_answering),
            )
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

    def forward(self, text: Tensor, vision: Tensor, of_text: Padding, of_vision: Padding) -> tuple[Tensor, Tensor]:
        """(n, l, h) and (n, r, g) states and which are real -> the same shapes."""
        return self.text(text, vision, of_text, of_vision), self.vision(vision, text, of_vision, of_text)
