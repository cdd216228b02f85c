"""Answering from a vocabulary: targets, loss and score by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from commonspace.errors import InputError
from commonspace.reasoning.tasks import Question, QuestionAnswering, answer_vocabulary
from tests.reasoning.outcomes import outcome
from tests.reasoning.small import CONFIG


def test_the_loss_is_the_sum_of_binary_cross_entropies_with_soft_targets():
    task = QuestionAnswering(CONFIG, ["red", "blue", "no"])
    logits = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
    examples = [Question("0", "?", ("red", "red", "blue")), Question("0", "?", ("elsewhere",))]
    targets = [[0.6, 0.3, 0.0], [0.0, 0.0, 0.0]]
    by_hand = 0.0
    for row, wanted in zip(logits.tolist(), targets, strict=True):
        for z, t in zip(row, wanted, strict=True):
            s = 1 / (1 + math.exp(-z))
            by_hand -= t * math.log(s) + (1 - t) * math.log(1 - s)
    assert task.loss(outcome(logits), examples).item() == pytest.approx(by_hand / 2, rel=1e-5)


def test_the_answer_of_the_only_person_asked_is_wholly_right():
    task = QuestionAnswering(CONFIG, ["red", "blue"])
    sure, unsure = torch.tensor([[20.0, -20.0]]), torch.tensor([[0.6, -20.0]])
    example = [Question("0", "?", ("red",))]
    assert task.loss(outcome(sure), example) < 1e-6 < task.loss(outcome(unsure), example)


def test_the_score_is_the_accuracy_of_vqa():
    task = QuestionAnswering(CONFIG, ["red", "blue"])
    examples = [Question("0", "?", ("red",) * 3 + ("blue",) * 7), Question("0", "?", ("green",))]
    assert task.right(np.array([[1.0, 0.0], [0.0, 1.0]]), examples).tolist() == pytest.approx([0.9, 0.0])


def test_an_untrained_head_expects_about_one_answer_of_many():
    torch.manual_seed(0)
    task = QuestionAnswering(CONFIG, [str(i) for i in range(1000)])
    expected = task.head(torch.randn(50, CONFIG.width)).sigmoid().sum(1)
    assert 0.5 < expected.mean() < 2  # and not 500


def test_a_vocabulary_has_the_frequent_answers_first_and_leaves_rare_ones_out():
    asked = [Question("0", "?", a) for a in (("b",), ("b",), ("a", "a", "c"), ("a",), ("d",))]
    assert answer_vocabulary(asked) == ["a", "b", "c", "d"]
    assert answer_vocabulary(asked, least=2) == ["a", "b"]


@pytest.mark.parametrize("answers", [[], ["a", "a"]])
def test_a_vocabulary_without_different_answers_is_refused(answers):
    with pytest.raises(InputError, match="vocabulary"):
        QuestionAnswering(CONFIG, answers)
