"""A small BERT: the text encoder's network and the text stream of the reasoning models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class BertConfig:
    """Sizes of a BERT. The defaults are those of MiniLM-L6-H384."""

    vocabulary: int = 30522
    hidden: int = 384
    layers: int = 6
    heads: int = 12
    intermediate: int = 1536
    positions: int = 512
    segments: int = 2
    epsilon: float = 1e-12
    dropout: float = 0.0
    """Of embeddings, attention and the outputs of both halves of a layer, while training."""


class Embeddings(nn.Module):
    """Word + position + segment, then layer normalisation."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocabulary, config.hidden)
        self.position_embeddings = nn.Embedding(config.positions, config.hidden)
        self.token_type_embeddings = nn.Embedding(config.segments, config.hidden)
        self.LayerNorm = nn.LayerNorm(config.hidden, config.epsilon)
        self.dropout = config.dropout

    def forward(self, tokens: Tensor, segments: Tensor | None = None, second: Tensor | None = None) -> Tensor:
        """Embeds tokens.

        Args:
            tokens: (n, length) token numbers.
            segments: (n, length) segment numbers. Default: 0.
            second: (n, hidden), put after the first token as it is, without a position or a segment.

        Returns:
            (n, length, hidden), or (n, length + 1, hidden) with `second`.
        """
        positions = torch.arange(tokens.shape[1], device=tokens.device)
        table = self.token_type_embeddings
        segment = table.weight[0] if segments is None else table(segments)
        summed = self.word_embeddings(tokens) + self.position_embeddings(positions) + segment
        if second is not None:
            summed = torch.cat([summed[:, :1], second[:, None], summed[:, 1:]], 1)
        embedded: Tensor = F.dropout(self.LayerNorm(summed), self.dropout, self.training)
        return embedded


class Layer(nn.Module):
    """Self-attention and a feed-forward network, each followed by residual and normalisation (post-norm)."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.hidden, config.hidden)
        self.key = nn.Linear(config.hidden, config.hidden)
        self.value = nn.Linear(config.hidden, config.hidden)
        self.attended = nn.Linear(config.hidden, config.hidden)
        self.attention_norm = nn.LayerNorm(config.hidden, config.epsilon)
        self.inner = nn.Linear(config.hidden, config.intermediate)
        self.outer = nn.Linear(config.intermediate, config.hidden)
        self.output_norm = nn.LayerNorm(config.hidden, config.epsilon)
        self.dropout = config.dropout

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """(n, length, hidden) states, (n, length) mask of real tokens -> (n, length, hidden)."""
        dropout = self.dropout if self.training else 0.0
        query, key, value = (
            f(states).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value)
        )
        context = F.scaled_dot_product_attention(query, key, value, mask[:, None, None, :], dropout)
        attended = self.attended(context.transpose(1, 2).flatten(2))
        states = self.attention_norm(states + F.dropout(attended, dropout))
        normed: Tensor = self.output_norm(states + F.dropout(self.outer(F.gelu(self.inner(states))), dropout))
        return normed


class Bert(nn.Module):
    """Token states (n, length, hidden) from token numbers (n, length) and a boolean mask of real tokens."""

    def __init__(self, config: BertConfig = BertConfig()) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(n, length) token numbers and mask of real tokens -> (n, length, hidden)."""
        states: Tensor = self.embeddings(tokens)
        for layer in self.layers:
            states = layer(states, mask)
        return states

    @classmethod
    def from_safetensors(cls, path: Path, config: BertConfig = BertConfig()) -> Bert:
        """Loads weights stored under the names that BERT checkpoints use."""
        bert = cls(config)
        stored = load_file(path)
        bert.load_state_dict({name: stored[_checkpoint_name(name)] for name in bert.state_dict()})
        return bert.eval()


_CHECKPOINT_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "output_norm": "output.LayerNorm",
}


def _checkpoint_name(name: str) -> str:
    """`layers.0.query.weight` -> `encoder.layer.0.attention.self.query.weight`."""
    if not name.startswith("layers."):
        return name
    _, number, part, kind = name.split(".")
    return f"encoder.layer.{number}.{_CHECKPOINT_NAMES[part]}.{kind}"


class SentenceBert(nn.Module):
    """The mean of the token states, of unit length: a sentence as (n, hidden)."""

    def __init__(self, bert: Bert) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(n, length) token numbers and mask of real tokens -> (n, hidden)."""
        states = self.bert(tokens, mask)
        weights = mask.unsqueeze(-1).to(states.dtype)
        return F.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)
