"""Sizes of a co-attention model, and the order of its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Self

from commonspace.encoders.bert import BertConfig
from commonspace.errors import ParameterError

from .photos import REGION

Part = tuple[Literal["text", "vision", "connection"], int]
"""A layer of one stream, or a co-attention block, and its number within its kind."""


@dataclass(frozen=True)
class CoAttentionConfig:
    """Sizes of the two streams and of what connects them.

    Attributes:
        text: The text stream; its defaults are MiniLM's. Its own dropout is not used.
        vision_width: The width of the visual stream.
        vision_layers: Its layers.
        vision_heads: Heads of their attention.
        vision_inner: Their feed-forward width.
        connections: How many co-attention blocks; with each one but the first goes a layer of each stream.
        width: Of queries, keys and values of co-attention, and of what is pooled.
        heads: Of co-attention.
        region: The number of features of a region.
        tasks: How many tasks have a token of their own; 0: none is given.
        pointing: Whether words may point to regions; what a word points to is added to its embedding.
        dropout: Of everything, while training.

    Raises:
        ParameterError: If heads do not divide widths, or there are too few layers for the connections.
    """

    text: BertConfig = field(default_factory=BertConfig)
    vision_width: int = 384
    vision_layers: int = 2
    vision_heads: int = 6
    vision_inner: int = 768
    connections: int = 2
    width: int = 384
    heads: int = 6
    region: int = REGION
    tasks: int = 0
    pointing: bool = False
    dropout: float = 0.1

    def __post_init__(self) -> None:
        widths = {
            "text": (self.text.hidden, self.text.heads),
            "vision": (self.vision_width, self.vision_heads),
            "co-attention": (self.width, self.heads),
        }
        for name, (width, heads) in widths.items():
            if heads < 1 or width % heads:
                raise ParameterError(f"{name}: expected heads that divide the width of {width}, got {heads}.")
        if not 1 <= self.connections <= min(self.text.layers - 1, self.vision_layers):
            raise ParameterError(
                f"connections: expected 1 to {min(self.text.layers - 1, self.vision_layers)}, fewer than the "
                f"{self.text.layers} layers of text and no more than the {self.vision_layers} of vision, "
                f"got {self.connections}."
            )

    @classmethod
    def vilbert(cls, tasks: int = 0) -> Self:
        """The published sizes: BERT-base, 6 visual layers of width 1024, 6 connections, 2048 features of a region."""
        return cls(
            text=BertConfig(hidden=768, layers=12, heads=12, intermediate=3072),
            vision_width=1024,
            vision_layers=6,
            vision_heads=8,
            vision_inner=1024,
            connections=6,
            width=1024,
            heads=8,
            region=2048,
            tasks=tasks,
        )

    @property
    def vision(self) -> BertConfig:
        """The sizes of a layer of the visual stream."""
        return BertConfig(
            hidden=self.vision_width,
            layers=self.vision_layers,
            heads=self.vision_heads,
            intermediate=self.vision_inner,
            dropout=self.dropout,
        )

    @property
    def order(self) -> tuple[Part, ...]:
        """What runs after what.

        First text alone, then the first connection, then a layer of each stream and a connection by turns, and last
        what is left of either stream.
        """
        alone = self.text.layers - self.connections
        found: list[Part] = [("text", i) for i in range(alone)]
        found.append(("connection", 0))
        for k in range(1, self.connections):
            found += [("text", alone + k - 1), ("vision", k - 1), ("connection", k)]
        found += [("text", i) for i in range(alone + self.connections - 1, self.text.layers)]
        found += [("vision", i) for i in range(self.connections - 1, self.vision_layers)]
        return tuple(found)
