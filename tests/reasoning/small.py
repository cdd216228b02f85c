"""The sizes of a small network."""

from __future__ import annotations

from commonspace.encoders.bert import BertConfig
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.photos import REGION

CONFIG = CoAttentionConfig(
    BertConfig(hidden=16, layers=2, heads=2, intermediate=16, positions=64),
    vision_width=16,
    vision_layers=1,
    vision_heads=2,
    vision_inner=16,
    connections=1,
    width=16,
    heads=2,
    region=REGION,
    pointing=True,
    dropout=0.1,
)
