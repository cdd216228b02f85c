"""Which of several texts answers a question about a photo, or gives the reason of an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from commonspace.errors import InputError
from commonspace.reasoning.inputs import Box, Inputs, Pair
from commonspace.reasoning.model import States

from .base import HeadSizes, Outcome, Task, scalar


@dataclass(frozen=True)
class Choice:
    """A question and several texts, one of which is right.

    Attributes:
        photo: Its name.
        text: The question; with an answer after it, where the options are reasons.
        options: The texts, at least two. Words such as "[2]" point to boxes, here and in the question.
        option: The number of the right one.
        boxes: Of the photo.
    """

    photo: str
    text: str
    options: tuple[str, ...]
    option: int
    boxes: tuple[Box, ...] = ()


class MultipleChoice(Task[Choice]):
    r"""Chooses among texts: an answer to a question, or a reason for question and right answer.

    Question and option are one pair of texts for the model; the head is a linear layer of the fused state. With the
    logits z of the options, r of them right, the loss of a question is

    $$-\log \frac{e^{z_r}}{\sum_j e^{z_j}}.$$

    Args:
        config: The sizes of the model.
        reasons: Whether the options are reasons of an answer, and not answers.

    References:
        R. Zellers et al., From recognition to cognition: visual commonsense reasoning, CVPR 2019; J. Lu et al.,
        ViLBERT, NeurIPS 2019.

    Examples:
        >>> from commonspace.reasoning import CoAttentionConfig
        >>> why = Choice("1.jpg", "why does [0] run?", ("it is late", "it is cold"), 1, boxes=((0.0, 0.0, 0.5, 1.0),))
        >>> MultipleChoice(CoAttentionConfig()).right(np.array([[0.3, 1.2]]), [why])
        array([1.])
    """

    pooled_only = True

    def __init__(self, config: HeadSizes, reasons: bool = False) -> None:
        super().__init__()
        self.reasons = reasons
        self.head = scalar(config.width, config.dropout)

    def ask(self, examples: Sequence[Choice], rng: np.random.Generator) -> list[list[Pair]]:
        """A pair for each option."""
        for e in examples:
            if len(e.options) < 2:
                raise InputError(f"options of {e.text!r}: expected at least two to choose from, got {len(e.options)}.")
            if not 0 <= e.option < len(e.options):
                raise InputError(f"option of {e.text!r}: expected 0 to {len(e.options) - 1}, got {e.option}.")
        return [[Pair(e.photo, e.text, option, e.boxes) for option in e.options] for e in examples]

    def logits(self, states: States, inputs: Inputs, counts: Sequence[int]) -> Tensor:
        """(n, options)."""
        each = self.head(states.fused).squeeze(-1).split(list(counts))
        return pad_sequence(each, batch_first=True, padding_value=-math.inf)

    def loss(self, outcome: Outcome, examples: Sequence[Choice]) -> Tensor:
        """The mean over questions."""
        logits = outcome.logits
        return F.cross_entropy(logits, torch.tensor([e.option for e in examples], device=logits.device))

    def right(self, logits: NDArray[Any], examples: Sequence[Choice]) -> NDArray[np.float64]:
        """1 where the option is right."""
        return np.asarray(logits.argmax(1) == [e.option for e in examples], float)

    def photos(self, example: Choice) -> tuple[str, ...]:
        """The one."""
        return (example.photo,)

    def description(self) -> dict[str, Any]:
        """Whether the options are reasons."""
        return {"reasons": self.reasons}
