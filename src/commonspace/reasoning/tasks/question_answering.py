"""Questions about a photo, answered from a vocabulary (VQA)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from commonspace.errors import InputError
from commonspace.metrics.answers import soft_targets, vqa_accuracies
from commonspace.reasoning.config import CoAttentionConfig
from commonspace.reasoning.inputs import Box, Inputs, Pair
from commonspace.reasoning.model import States

from .base import Outcome, Task, classifier


@dataclass(frozen=True)
class Question:
    """A question about a photo, and what people answered.

    Attributes:
        photo: Its name.
        text: The question.
        answers: At least one; of several people, each one's.
        boxes: Of the photo, where some are known.
    """

    photo: str
    text: str
    answers: tuple[str, ...]
    boxes: tuple[Box, ...] = ()


class QuestionAnswering(Task[Question]):
    r"""Answers from a vocabulary.

    The head is a classifier of the fused state; the loss, with a target s from 0 to 1 of each answer a, is

    $$\sum_a \mathrm{BCE}(\sigma(z_a), s_a),$$

    the mean over questions. A target is 1 of what the only person asked has answered, else that of `soft_targets`;
    answers outside the vocabulary have none. Logits begin near those of a probability of 1 / answers: else the first
    thousand steps go into learning that nearly all answers are wrong.

    Args:
        config: The sizes of the model.
        answers: The vocabulary.

    Raises:
        InputError: If it is empty, or an answer stands in it twice.

    References:
        J. Lu et al., 12-in-1, CVPR 2020; D. Teney et al., Tips and tricks for visual question answering, CVPR 2018.

    Examples:
        >>> asked = Question("1.jpg", "what is it?", ("cat",) * 3 + ("dog",) * 7)
        >>> task = QuestionAnswering(CoAttentionConfig(), answer_vocabulary([asked]))
        >>> task.answers, task.right(np.array([[2.0, 0.1]]), [asked])  # three of ten said cat
        (('cat', 'dog'), array([0.9]))
    """

    pooled_only = True

    def __init__(self, config: CoAttentionConfig, answers: Sequence[str]) -> None:
        super().__init__()
        self.answers = tuple(answers)
        self._number = {answer: i for i, answer in enumerate(self.answers)}
        if not self.answers or len(self._number) < len(self.answers):
            raise InputError("answers: expected a vocabulary of different answers, at least one.")
        rare = -math.log(len(self.answers))
        self.head = classifier(config.width, 2 * config.width, len(self.answers), config.dropout, bias=rare)

    def ask(self, examples: Sequence[Question], rng: np.random.Generator) -> list[list[Pair]]:
        """One pair of each question."""
        return [[Pair(e.photo, e.text, boxes=e.boxes)] for e in examples]

    def logits(self, states: States, inputs: Inputs, counts: Sequence[int]) -> Tensor:
        """(n, answers)."""
        found: Tensor = self.head(states.fused)
        return found

    def loss(self, outcome: Outcome, examples: Sequence[Question]) -> Tensor:
        """The sum over answers, the mean over questions."""
        logits = outcome.logits
        targets = torch.zeros_like(logits)
        for i, example in enumerate(examples):
            worth = soft_targets(example.answers) if len(example.answers) > 1 else {example.answers[0]: 1.0}
            for answer, target in worth.items():
                if answer in self._number:
                    targets[i, self._number[answer]] = target
        return F.binary_cross_entropy_with_logits(logits, targets) * len(self.answers)

    def right(self, logits: NDArray[Any], examples: Sequence[Question]) -> NDArray[np.float64]:
        """The accuracy of VQA of each question."""
        return vqa_accuracies([self.answers[i] for i in logits.argmax(1)], [e.answers for e in examples])

    def photos(self, example: Question) -> tuple[str, ...]:
        """The one."""
        return (example.photo,)

    def description(self) -> dict[str, Any]:
        """The vocabulary."""
        return {"answers": self.answers}


def answer_vocabulary(questions: Iterable[Question], least: int = 1) -> list[str]:
    """Answers by the number of questions that anybody gave them to, the most frequent first.

    Args:
        questions: Of the training set.
        least: Questions that an answer has to be given to.

    Examples:
        >>> given = [("yes",), ("no", "yes"), ("two",)]
        >>> answer_vocabulary([Question("1.jpg", "well?", answers) for answers in given])
        ['yes', 'no', 'two']
    """
    frequent = Counter(answer for question in questions for answer in dict.fromkeys(question.answers))
    return [answer for answer, count in sorted(frequent.items(), key=lambda e: (-e[1], e[0])) if count >= least]
