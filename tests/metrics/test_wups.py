"""Wu-Palmer scores of answers against hand-worked values and plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from commonspace.errors import InputError, ParameterError
from commonspace.metrics import wups

LIKE = {frozenset(("chair", "stool")): 0.95, frozenset(("chair", "lamp")): 0.5, frozenset(("stool", "lamp")): 0.6}


def likeness(a: str, b: str) -> float:
    return LIKE[frozenset((a, b))]


def test_equal_words_count_whole_without_asking_for_their_similarity() -> None:
    def never(a: str, b: str) -> float:
        raise AssertionError(f"{a}, {b}")

    assert wups([["chair"]], [["chair"]], never).tolist() == [1.0]


def test_below_the_threshold_a_tenth_counts_and_at_it_the_whole() -> None:
    answers, given = [["chair"], ["chair"]], [["stool"], ["lamp"]]
    np.testing.assert_allclose(wups(answers, given, likeness), [0.95, 0.05])
    np.testing.assert_allclose(wups(answers, given, likeness, 0.95), [0.95, 0.05])
    np.testing.assert_allclose(wups(answers, given, likeness, 0), [0.95, 0.5])


def test_of_sets_the_lesser_product_counts() -> None:
    # of what is said: chair 1, lamp max(.5, 1) = 1; of what is right: chair 1, lamp 1, stool max(.95, .06) = .95
    assert wups([["chair", "lamp"]], [["chair", "lamp", "stool"]], likeness)[0] == pytest.approx(0.95)
    # lamp said too much: chair 1 times lamp .05
    assert wups([["chair", "lamp"]], [["chair"]], likeness)[0] == pytest.approx(0.05)


def test_either_side_may_be_said_and_right() -> None:
    words = ["chair", "stool", "lamp"]
    rng = np.random.default_rng(0)
    sets = [[words[i] for i in rng.permutation(3)[: rng.integers(1, 4)]] for _ in range(40)]
    np.testing.assert_allclose(wups(sets[:20], sets[20:], likeness), wups(sets[20:], sets[:20], likeness))


def test_agrees_with_plain_loops() -> None:
    words = ["chair", "stool", "lamp"]
    rng = np.random.default_rng(1)
    sets = [[words[i] for i in rng.permutation(3)[: rng.integers(1, 4)]] for _ in range(60)]
    for said, right in zip(sets[:30], sets[30:], strict=True):

        def own(a: str, b: str) -> float:
            value = 1.0 if a == b else likeness(a, b)
            return value if value >= 0.9 else value / 10

        forth, back = 1.0, 1.0
        for a in said:
            forth *= max(own(a, t) for t in right)
        for t in right:
            back *= max(own(a, t) for a in said)
        assert wups([said], [right], likeness)[0] == pytest.approx(min(forth, back))


def test_of_a_pair_similarity_is_asked_once() -> None:
    asked = []

    def count(a: str, b: str) -> float:
        asked.append((a, b))
        return 0.3

    wups([["chair"]] * 5, [["lamp"]] * 5, count)
    assert asked == [("chair", "lamp")]


@pytest.mark.parametrize(("answers", "given"), [([[]], [["a"]]), ([["a"]], [[]]), ([["a"]], [["a"], ["b"]])])
def test_refuses_what_is_missing(answers: list[list[str]], given: list[list[str]]) -> None:
    with pytest.raises(InputError, match=r"question 0|given"):
        wups(answers, given, likeness)


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_refuses_a_threshold_outside(threshold: float) -> None:
    with pytest.raises(ParameterError, match="threshold"):
        wups([["a"]], [["b"]], likeness, threshold)
