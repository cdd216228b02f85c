"""Whether a sentence is true of a photo, or of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from commonspace.errors import InputError
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.inputs import Box, Inputs, Pair
from commonspace.reasoning.model import States

from .base import Outcome, Task, classifier


@dataclass(frozen=True)
class Statement:
    """A sentence, and what it is.

    Attributes:
        photo: Its name.
        text: The sentence.
        label: One of the labels of the task.
        other: The name of a second photo, where the sentence is about two.
        boxes: Of the photo, where some are known.
        other_boxes: Of the second one.
    """

    photo: str
    text: str
    label: str
    other: str | None = None
    boxes: tuple[Box, ...] = ()
    other_boxes: tuple[Box, ...] = ()


class Verification(Task[Statement]):
    r"""Tells true from false, or entailment, neutral and contradiction.

    Of one photo the head is a linear layer of the fused state; of two, the published classifier of both fused states,
    each of the sentence with one photo. With the logits z of c labels, and $s_a = 1$ of the right one, else 0, the loss
    of a sentence is

    $$\frac{1}{c} \sum_a \mathrm{BCE}(\sigma(z_a), s_a).$$

    Args:
        config: The sizes of the model.
        labels: What a sentence may be.
        two_photos: Whether sentences are about two.

    References:
        J. Lu et al., 12-in-1, CVPR 2020; A. Suhr et al., A corpus for reasoning about natural language grounded in
        photographs, ACL 2019; N. Xie et al., Visual entailment, arXiv 1901.06706.

    Examples:
        >>> said = [Statement("1.jpg", "a cat sleeps", "true"), Statement("1.jpg", "a dog sleeps", "false")]
        >>> Verification(CoAttentionConfig()).right(np.array([[0.2, 0.9], [0.1, 0.3]]), said)
        array([1., 0.])
    """

    pooled_only = True

    def __init__(
        self, config: CoAttentionConfig, labels: Sequence[str] = ("false", "true"), two_photos: bool = False
    ) -> None:
        super().__init__()
        self.labels, self.two_photos = tuple(labels), two_photos
        if len(set(self.labels)) < max(2, len(self.labels)):
            raise InputError(f"labels: expected at least two different ones, got {list(self.labels)}.")
        self._number = {label: i for i, label in enumerate(self.labels)}
        self.head = (
            classifier(2 * config.width, 2 * config.width, len(self.labels), config.dropout)
            if two_photos
            else nn.Sequential(nn.Dropout(config.dropout), nn.Linear(config.width, len(self.labels)))
        )

    def ask(self, examples: Sequence[Statement], rng: np.random.Generator) -> list[list[Pair]]:
        """A pair for each photo of a sentence."""
        asked = []
        for e in examples:
            pairs = [Pair(e.photo, e.text, boxes=e.boxes)]
            if (e.other is not None) != self.two_photos:
                raise InputError(
                    f"statement {e.text!r}: expected {1 + self.two_photos} photos, as the task has it, got "
                    f"{1 + (e.other is not None)}."
                )
            if e.other is not None:
                pairs.append(Pair(e.other, e.text, boxes=e.other_boxes))
            asked.append(pairs)
        return asked

    def logits(self, states: States, inputs: Inputs, counts: Sequence[int]) -> Tensor:
        """(n, labels)."""
        found: Tensor = self.head(states.fused.reshape(len(counts), -1))
        return found

    def loss(self, outcome: Outcome, examples: Sequence[Statement]) -> Tensor:
        """The mean over labels and sentences."""
        logits = outcome.logits
        targets = torch.zeros_like(logits)
        targets[torch.arange(len(examples)), self._numbers(examples)] = 1
        return F.binary_cross_entropy_with_logits(logits, targets)

    def right(self, logits: NDArray[Any], examples: Sequence[Statement]) -> NDArray[np.float64]:
        """1 where the label is right."""
        return np.asarray(logits.argmax(1) == self._numbers(examples), float)

    def photos(self, example: Statement) -> tuple[str, ...]:
        """One or both."""
        return (example.photo,) if example.other is None else (example.photo, example.other)

    def description(self) -> dict[str, Any]:
        """Labels and photos."""
        return {"labels": self.labels, "two_photos": self.two_photos}

    def _numbers(self, examples: Sequence[Statement]) -> list[int]:
        if unknown := [e.label for e in examples if e.label not in self._number]:
            raise InputError(f"label: expected one of {list(self.labels)}, got {unknown[0]!r}.")
        return [self._number[e.label] for e in examples]
