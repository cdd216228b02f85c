"""What tasks are trained with; and one co-attention model with the heads of its tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from commonspace.errors import InputError, UnknownNameError

from .config import CoAttentionConfig
from .inputs import Inputs
from .model import CoAttentionModel, States
from .tasks import Task


class TaskNetwork(nn.Module, ABC):
    """A network with a head for each of its tasks.

    Attributes:
        config: The sizes, which tell one network from another.
        names: Of the tasks.
    """

    config: Any
    names: tuple[str, ...]
    _heads: nn.ModuleList

    def task(self, name: str) -> Task[Any]:
        """The task of that name.

        Raises:
            UnknownNameError: If there is none.
        """
        if name not in self.names:
            raise UnknownNameError("task", name, self.names)
        task = self._heads[self.names.index(name)]
        assert isinstance(task, Task)
        return task

    @property
    @abstractmethod
    def words(self) -> Tensor:
        """(vocabulary, hidden) the table of the words' embeddings."""

    @abstractmethod
    def forward(self, name: str, inputs: Inputs, counts: Sequence[int]) -> tuple[Tensor, States]:
        """Runs a task.

        Args:
            name: Of the task.
            inputs: Of all pairs of text and photo, one example after another.
            counts: How many pairs each of the n examples has.

        Returns:
            (n, choices) logits, and the states.
        """


class ReasoningNetwork(TaskNetwork):
    """A co-attention model with a token and a head for each task.

    Args:
        config: The sizes; the number of tasks in it does not count.
        tasks: Name -> task.

    Raises:
        InputError: If there is none.

    Example:
        ```python
        from commonspace.reasoning import CoAttentionConfig, Photos, Preparation, Tokenizer
        from commonspace.reasoning.inputs import Pair
        from commonspace.reasoning.tasks import Verification

        config = CoAttentionConfig()
        network = ReasoningNetwork(config, {"statements": Verification(config)})
        inputs = Preparation(Tokenizer())([Pair("dog", "it sleeps")], Photos({"dog": "dog.jpg"}))
        logits, states = network("statements", inputs, [1])  # (1, 2), of "false" and "true"
        ```
    """

    def __init__(self, config: CoAttentionConfig, tasks: Mapping[str, Task[Any]]) -> None:
        super().__init__()
        if not tasks:
            raise InputError("tasks: expected at least one.")
        self.config = replace(config, tasks=len(tasks))
        self.model = CoAttentionModel(self.config)
        self.names = tuple(tasks)
        self._heads = nn.ModuleList(tasks.values())

    @property
    def words(self) -> Tensor:
        """(vocabulary, hidden)."""
        return self.model.words.word_embeddings.weight

    def begin_from(self, other: ReasoningNetwork) -> None:
        """Takes the weights of another network: its model, and heads and tokens of tasks that are the same in both.

        Args:
            other: Of the same sizes, such as one that was pretrained, or that learnt many tasks together.

        Raises:
            InputError: If it has other sizes.
        """
        if replace(other.config, tasks=0, dropout=0.0) != replace(self.config, tasks=0, dropout=0.0):
            raise InputError(f"begin_from: expected a network of the sizes {self.config}, got {other.config}.")
        own = self.model.task_tokens
        state = {name: of for name, of in other.model.state_dict().items() if not name.startswith("task_tokens.")}
        self.model.load_state_dict(state, strict=False)
        for name in set(self.names) & set(other.names):
            mine, theirs = self.task(name), other.task(name)
            if type(mine) is type(theirs) and mine.description() == theirs.description():
                mine.load_state_dict(theirs.state_dict())
                if own is not None and other.model.task_tokens is not None:
                    with torch.no_grad():
                        own.weight[self.names.index(name)] = other.model.task_tokens.weight[other.names.index(name)]

    def forward(
        self, name: str, inputs: Inputs, counts: Sequence[int], *, attention: bool = False
    ) -> tuple[Tensor, States]:
        """Runs a task.

        Args:
            name: Of the task.
            inputs: Of all pairs of text and photo, one example after another.
            counts: How many pairs each of the n examples has.
            attention: Tell how much tokens attend to regions, too.

        Returns:
            (n, choices) logits, and the states.

        Raises:
            InputError: If words point to boxes and the model is not made for that.
            UnknownNameError: If there is no such task.
        """
        task, tokens = self.task(name), inputs.tokens
        number = torch.full((len(tokens.numbers),), self.names.index(name), device=tokens.numbers.device)
        states = self.model(
            tokens.numbers,
            tokens.real,
            inputs.regions,
            segments=tokens.segments,
            task=number,
            points=inputs.points,
            attention=attention,
            apart=task.apart,
            pooled_only=task.pooled_only,
        )
        return task.logits(states, inputs, counts), states
