"""How a network is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; `DeepParameters` describes what these mean.

    Attributes:
        seed: Order, dropout and all else that is random follow from it.
        description: What is learnt, for progress, errors and to tell checkpoints of one run from those of another.
    """

    learning_rate: float
    weight_decay: float
    schedule: str
    max_epochs: int
    patience: int | None
    monitor: str
    seed: int
    description: str
    trainer_options: Mapping[str, Any] = field(default_factory=dict)
