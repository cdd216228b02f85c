"""Questions about photos: a co-attention model, its tasks, and what it is asked."""

from .config import CoAttentionConfig
from .hub import HubReasoner
from .model import CoAttentionModel, States
from .network import ReasoningNetwork
from .photos import Photos
from .reasoner import Answer, Reasoner
from .regions import Regions
from .reranker import Reranker
from .schedule import StopAndGo
from .streams import TaskData, clean
from .training import Event, MultiTaskSettings, train_tasks

__all__ = [
    "Answer",
    "CoAttentionConfig",
    "CoAttentionModel",
    "Event",
    "HubReasoner",
    "MultiTaskSettings",
    "Photos",
    "Reasoner",
    "ReasoningNetwork",
    "Regions",
    "Reranker",
    "States",
    "StopAndGo",
    "TaskData",
    "clean",
    "train_tasks",
]
