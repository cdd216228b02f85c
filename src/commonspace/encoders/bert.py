"""A small BERT: the text encoder's network and the text stream of the reasoning models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from .padding import Padding


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


def split_heads(states: Tensor, heads: int) -> Tensor:
    """(n, length, width) -> (n, heads, length, width / heads)."""
    return states.reshape(*states.shape[:2], heads, states.shape[-1] // heads).transpose(1, 2)


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

    def forward(self, states: Tensor, padding: Padding, *, first: bool = False) -> Tensor:
        """Attends, state by state.

        Args:
            states: (n, length, hidden).
            padding: Which of them are real.
            first: Tell only what becomes of the first state of each, which is real.

        Returns:
            (n, length, hidden), 0 where padding is left out; (n, 1, hidden) of the first.
        """
        dropout = self.dropout if self.training else 0.0
        rows = padding.without(states)
        asking, of_asking = (states[:, 0], Padding(padding.mask[:, :1])) if first else (rows, padding)
        query, key, value = (
            split_heads(of.back(f(x)), self.heads)
            for f, x, of in ((self.query, asking, of_asking), (self.key, rows, padding), (self.value, rows, padding))
        )
        context = F.scaled_dot_product_attention(query, key, value, padding.keys, dropout)
        attended = self.attended(of_asking.without(context.transpose(1, 2).flatten(2)))
        asking = self.attention_norm(asking + F.dropout(attended, dropout))
        asking = self.output_norm(asking + F.dropout(self.outer(F.gelu(self.inner(asking))), dropout))
        return of_asking.back(asking)


class Bert(nn.Module):
    """Token states (n, length, hidden) from token numbers (n, length) and a boolean mask of real tokens."""

    def __init__(self, config: BertConfig = BertConfig()) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """(n, length) token numbers and mask of real tokens -> (n, length, hidden)."""
        states: Tensor = self.embeddings(tokens)
        padding = Padding(mask)  # an export cannot know how many are real
        for layer in self.layers:
            states = layer(states, padding)
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
