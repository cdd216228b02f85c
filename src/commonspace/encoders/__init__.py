"""Encoders: raw items to rows of a view, pretrained and frozen."""

from .registry import DEFAULT_ENCODERS, ENCODERS, get_encoder
from .tabular import TabularEncoder
from .view_cache import DiskViewCache

__all__ = ["DEFAULT_ENCODERS", "ENCODERS", "DiskViewCache", "TabularEncoder", "get_encoder"]
