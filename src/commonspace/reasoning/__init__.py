"""Questions about photos: a co-attention model, its tasks, and what it is asked."""

from .config import CoAttentionConfig
from .hub import HubReasoner
from .inputs import Preparation
from .model import CoAttentionModel, States
from .network import ReasoningNetwork
from .photos import Photos
from .predicting import predict
from .reasoner import Answer, Reasoner
from .regions import Regions
from .report import TaskReport, report_task
from .reranker import Reranker
from .schedule import StopAndGo
from .streams import TaskData, clean
from .tokens import Tokenizer
from .training import Event, MultiTaskSettings, train_tasks

__all__ = [
    "Answer",
    "CoAttentionConfig",
    "CoAttentionModel",
    "Event",
    "HubReasoner",
    "MultiTaskSettings",
    "Photos",
    "Preparation",
    "Reasoner",
    "ReasoningNetwork",
    "Regions",
    "Reranker",
    "States",
    "StopAndGo",
    "TaskData",
    "TaskReport",
    "Tokenizer",
    "clean",
    "predict",
    "report_task",
    "train_tasks",
]
