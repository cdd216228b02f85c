from __future__ import annotations

import numpy as np
import pytest

from commonspace.errors import InputError
from commonspace.metrics import choice_accuracy, soft_targets, vqa_accuracies


@pytest.mark.parametrize(("alike", "expected"), [(0, 0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1), (10, 1)])
def test_of_ten_people_every_one_who_agrees_counts_three_tenths(alike: int, expected: float):
    given = ["cat"] * alike + [f"other {i}" for i in range(10 - alike)]
    assert vqa_accuracies(["cat"], [given])[0] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_is_the_mean_over_people_left_out(seed: int):
    rng = np.random.default_rng(seed)
    given = [[str(v) for v in rng.integers(0, 3, rng.integers(2, 11))] for _ in range(20)]
    answers = [str(v) for v in rng.integers(0, 3, 20)]
    expected = []
    for answer, people in zip(answers, given, strict=True):
        each = []
        for i in range(len(people)):
            others = people[:i] + people[i + 1 :]
            each.append(min(others.count(answer) / 3, 1))
        expected.append(np.mean(each))
    np.testing.assert_allclose(vqa_accuracies(answers, given), expected)


def test_one_person_is_right_or_not():
    np.testing.assert_array_equal(vqa_accuracies(["a", "b"], [["a"], ["a"]]), [1, 0])


def test_questions_without_answers_and_of_other_numbers():
    with pytest.raises(InputError, match="got none to question 1"):
        vqa_accuracies(["a", "b"], [["a"], []])
    with pytest.raises(InputError, match="expected the answers to 2 questions, got 1"):
        vqa_accuracies(["a", "b"], [["a"]])


def test_targets_grow_with_those_who_agree():
    assert soft_targets(["a"] * 4 + ["b"] * 3 + ["c"]) == pytest.approx({"a": 1.0, "b": 0.9, "c": 0.3})
    assert soft_targets([]) == {}


def test_both_are_right_where_answer_and_reason_are():
    found = choice_accuracy([0, 1, 2, 3], [3, 2, 1, 0], [0, 1, 0, 0], [3, 0, 1, 1])
    assert (found.answer, found.rationale, found.both) == (0.5, 0.5, 0.25)
    with pytest.raises(InputError, match="choices: expected four rows"):
        choice_accuracy([], [], [], [])
    with pytest.raises(InputError, match="choices: expected four rows"):
        choice_accuracy([0], [0, 1], [0], [0])
