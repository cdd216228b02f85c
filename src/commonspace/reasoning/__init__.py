"""Questions about photos: a co-attention model and what it is asked."""

from .config import CoAttentionConfig
from .model import CoAttentionModel, States
from .regions import Regions
from .schedule import StopAndGo

__all__ = ["CoAttentionConfig", "CoAttentionModel", "Regions", "States", "StopAndGo"]
