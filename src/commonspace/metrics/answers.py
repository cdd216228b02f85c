"""How right answers to questions about photos are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from commonspace.errors import InputError

ENOUGH = 3
"""People who have to give an answer for it to be wholly right."""


def vqa_accuracies(answers: Sequence[str], given: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    r"""The accuracy of VQA of each question: how far people agree with an answer.

    With the h answers that people gave, each left out once,

    $$\frac{1}{h} \sum_{i = 1}^{h} \min\left(\frac{\#\{j \ne i : g_j = a\}}{3}, 1\right);$$

    where one person was asked, 1 or 0. Texts are compared as they are: bring them to one form before.

    Args:
        answers: n texts.
        given: For each the texts that people gave, at least one.

    Returns:
        (n,) from 0 to 1.

    Raises:
        InputError: If there are not as many, or a question was answered by nobody.

    Source:
        S. Antol et al., VQA: visual question answering, ICCV 2015.

    Examples:
        >>> vqa_accuracies(["red"], [["red"] * 3 + ["blue"] * 7])
        array([0.9])
    """
    if len(answers) != len(given):
        raise InputError(f"given: expected the answers to {len(answers)} questions, got {len(given)}.")
    found = np.empty(len(answers))
    for i, (answer, others) in enumerate(zip(answers, given, strict=True)):
        if not len(others):
            raise InputError(f"given: expected at least one answer to each question, got none to question {i}.")
        alike, asked = sum(other == answer for other in others), len(others)
        if asked == 1:
            found[i] = alike
        else:  # of those who gave it, one fewer agrees when they are left out
            without, left = min(alike / ENOUGH, 1), min(max(alike - 1, 0) / ENOUGH, 1)
            found[i] = ((asked - alike) * without + alike * left) / asked
    return found


def soft_targets(given: Sequence[str]) -> dict[str, float]:
    r"""What an answer is worth as a target of training, by how many gave it.

    $$t_a = \min(0.3 \, \#\{j : g_j = a\}, 1),$$

    .3, .6 and .9 for one to three people, 1 for more.

    Args:
        given: The texts g that people gave.

    Returns:
        Answer -> target, in the order in which they were first given.

    Source:
        D. Teney, P. Anderson, X. He, A. van den Hengel, Tips and tricks for visual question answering, CVPR 2018.

    Examples:
        >>> soft_targets(["red", "red", "blue"])
        {'red': 0.6, 'blue': 0.3}
    """
    return {answer: min(0.3 * given.count(answer), 1.0) for answer in dict.fromkeys(given)}


@dataclass(frozen=True)
class ChoiceAccuracy:
    """Shares of the questions.

    Attributes:
        answer: Those whose answer is right: Q -> A.
        rationale: Those whose reason, chosen with the right answer given, is right: QA -> R.
        both: Those with both: Q -> AR.
    """

    answer: float
    rationale: float
    both: float


def choice_accuracy(
    answers: ArrayLike, rationales: ArrayLike, right_answers: ArrayLike, right_rationales: ArrayLike
) -> ChoiceAccuracy:
    r"""The three accuracies of visual commonsense reasoning.

    $$\frac{1}{n} \sum_i [a_i = a_i^*], \qquad \frac{1}{n} \sum_i [r_i = r_i^*], \qquad
      \frac{1}{n} \sum_i [a_i = a_i^*] \, [r_i = r_i^*],$$

    with $a_i^*$ the right answer and $r_i^*$ the right reason of question i.

    Args:
        answers: (n,) numbers of the answers that were chosen.
        rationales: (n,) numbers of the reasons that were chosen, the right answer being given.
        right_answers: (n,) those that are right.
        right_rationales: (n,) those that are right.

    Raises:
        InputError: If there are none, or not as many of each.

    Source:
        R. Zellers, Y. Bisk, A. Farhadi, Y. Choi, From recognition to cognition: visual commonsense reasoning,
        CVPR 2019.

    Examples:
        >>> choice_accuracy([0, 1, 2, 3], [0, 1, 0, 0], [0, 1, 2, 0], [0, 1, 2, 0])
        ChoiceAccuracy(answer=0.75, rationale=0.75, both=0.5)
    """
    each = [np.asarray(of) for of in (answers, rationales, right_answers, right_rationales)]
    if each[0].ndim != 1 or not len(each[0]) or len({of.shape for of in each}) > 1:
        raise InputError(f"choices: expected four rows of numbers, as many in each, got {[of.shape for of in each]}.")
    answered, reasoned = each[0] == each[2], each[1] == each[3]
    return ChoiceAccuracy(float(answered.mean()), float(reasoned.mean()), float((answered & reasoned).mean()))
