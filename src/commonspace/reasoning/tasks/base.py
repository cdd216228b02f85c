"""What a task is: examples, what the model is asked about them, a head, a loss and a score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from commonspace.reasoning.inputs import Inputs, Pair
from commonspace.reasoning.model import States

E = TypeVar("E")


@dataclass(frozen=True)
class Outcome:
    """What came of a batch.

    Attributes:
        logits: (n, choices) of the examples.
        states: Of all pairs of text and photo.
        inputs: What the model was given.
        words: (vocabulary, hidden) the table of the words' embeddings.
    """

    logits: Tensor
    states: States
    inputs: Inputs
    words: Tensor


class HeadSizes(Protocol):
    """What a head of the fused state has to know of a model."""

    @property
    def width(self) -> int:
        """Of the fused state."""

    @property
    def dropout(self) -> float:
        """While training."""


class Task(nn.Module, ABC, Generic[E]):
    """One task of a model that has many.

    Of each example the model is asked one pair of text and photo, or several; of their states the head makes one logit
    for each choice there is.

    Attributes:
        fused: Whether the head reads the fused state: such heads have a learning rate of their own.
        apart: Whether the connections of the streams are left out.
        pooled_only: Whether head and loss read nothing of the states but what is pooled of them, such as the fused
            state: the last layers then have less to do. It is not inherited by a class with a head or loss of its own.

    Example:
        A task of one's own: how many of those who saw a photo with its title liked it.

        ```python
        import torch
        from scipy.special import expit
        from torch.nn import functional as F

        from commonspace.reasoning import CoAttentionConfig

        class Liked(Task[tuple[str, str, float]]):
            def __init__(self, config):
                super().__init__()
                self.head = scalar(config.width, config.dropout)

            def ask(self, examples, rng):
                return [[Pair(photo, title)] for photo, title, _ in examples]

            def logits(self, states, inputs, counts):
                return self.head(states.fused)

            def loss(self, outcome, examples):
                return F.binary_cross_entropy_with_logits(outcome.logits[:, 0], torch.tensor([e[2] for e in examples]))

            def right(self, logits, examples):
                return 1 - np.abs(expit(logits[:, 0]) - [liked for _, _, liked in examples])

            def photos(self, example):
                return (example[0],)

            def description(self):
                return {}

        right = Liked(CoAttentionConfig()).right(np.array([[0.0]]), [("1.jpg", "Cat at noon", 0.8)])
        assert abs(right[0] - 0.7) < 1e-9  # half was said
        ```
    """

    fused = True
    apart = False
    pooled_only = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "pooled_only" not in vars(cls) and {"logits", "loss"} & set(vars(cls)):
            cls.pooled_only = False

    @abstractmethod
    def ask(self, examples: Sequence[E], rng: np.random.Generator) -> list[list[Pair]]:
        """What the model is asked about each example.

        Args:
            examples: Of a batch.
            rng: For what is drawn while training.
        """

    @abstractmethod
    def logits(self, states: States, inputs: Inputs, counts: Sequence[int]) -> Tensor:
        """(n, choices) of each example; minus infinity where an example has no such choice.

        Args:
            states: Of all pairs, one example after another.
            inputs: What the model was given.
            counts: How many pairs each of the n examples has.
        """

    def corrupt(self, inputs: Inputs, rng: np.random.Generator) -> Inputs:
        """What the model is given while training, in place of what it would be given: as it is."""
        return inputs

    @abstractmethod
    def loss(self, outcome: Outcome, examples: Sequence[E]) -> Tensor:
        """What is minimised."""

    @abstractmethod
    def right(self, logits: NDArray[Any], examples: Sequence[E]) -> NDArray[np.float64]:
        """(n,) from 0 to 1, how right the choice of the highest logit is; the mean of this is the task's score."""

    @abstractmethod
    def photos(self, example: E) -> tuple[str, ...]:
        """The names of the photos that an example is about."""

    @abstractmethod
    def description(self) -> dict[str, Any]:
        """What makes the task again: the arguments besides the sizes of the model."""


def another(examples: Sequence[Any], photo: str, rng: np.random.Generator) -> Any:
    """An example of another photo, drawn; there has to be one."""
    while True:
        drawn = examples[int(rng.integers(len(examples)))]
        if drawn.photo != photo:
            return drawn


def classifier(width: int, inner: int, classes: int, dropout: float, *, bias: float | None = None) -> nn.Module:
    """The published head: a hidden layer with GELU and layer normalisation, then a logit for each class.

    Args:
        width: Of what it reads.
        inner: Of the hidden layer.
        classes: The number of logits.
        dropout: While training.
        bias: What is added to all logits at the start. Default: PyTorch's small random numbers.
    """
    hidden, last = nn.Linear(width, inner), nn.Linear(inner, classes)
    if bias is not None:
        nn.init.constant_(last.bias, bias)
    return nn.Sequential(hidden, nn.GELU(), nn.LayerNorm(inner), nn.Dropout(dropout), last)


def scalar(width: int, dropout: float) -> nn.Module:
    """A head of one logit."""
    return nn.Sequential(nn.Dropout(dropout), nn.Linear(width, 1))
