"""Texts as tokens, and words that point."""

from __future__ import annotations

import pytest

from commonspace.errors import InputError, ParameterError
from commonspace.reasoning.tokens import Tokenizer, pointers

CLS, SEP, THIS = 101, 102, 2023


def test_two_texts_are_told_apart_by_their_segments():
    found = Tokenizer()([("a cat", "a dog runs"), ("a cat", None)])
    assert found.numbers[0].tolist() == [CLS, 1037, 4937, SEP, 1037, 3899, 3216, SEP]
    assert found.segments[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert found.real.sum(1).tolist() == [8, 4]
    assert found.numbers[1].tolist() == [CLS, 1037, 4937, SEP, 0, 0, 0, 0]


def test_pointers_are_read_as_one_word_that_knows_its_box():
    found = Tokenizer()([("why is [2] above[10] ?", "[0] is")])
    pointed = [(int(n), int(p)) for n, p in zip(found.numbers[0], found.points[0], strict=True) if p >= 0]
    assert pointed == [(THIS, 2), (THIS, 10), (THIS, 0)]
    assert pointers("why is [2] above[10] ?") == [2, 10]


def test_a_long_text_is_cut_and_the_other_one_stays():
    found = Tokenizer(12)([("word " * 10_000, "a dog")])
    assert found.numbers.shape == (1, 12)
    assert found.numbers[0, -3:].tolist() == [1037, 3899, SEP]


@pytest.mark.parametrize("most", [7, 513, 1000, 64.0])
def test_no_more_tokens_are_read_than_the_model_has_positions_for(most):
    assert Tokenizer(512)([("word " * 900, None)]).numbers.shape == (1, 512)
    with pytest.raises(ParameterError, match=f"most_tokens: expected 8 to 512, got {most}"):
        Tokenizer(most)


def test_other_scripts_are_read():
    assert Tokenizer()([("ما هذا؟", None), ("これは何ですか", None)]).real.sum(1).min() > 3


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_refused(text):
    with pytest.raises(InputError, match="empty text"):
        Tokenizer()([(text, None)])
    with pytest.raises(InputError, match="empty text"):
        Tokenizer()([("what?", text)])


def test_what_is_no_text_is_refused():
    with pytest.raises(InputError, match="expected a string, got int"):
        Tokenizer()([(3, None)])  # type: ignore[list-item]
