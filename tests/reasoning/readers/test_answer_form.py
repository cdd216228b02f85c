"""Answers in the form of VQA, written by hand after the published rule."""

from __future__ import annotations

import pytest

from commonspace.reasoning.readers.answer_form import CONTRACTIONS, answer_form


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("Yes", "yes"),
        ("  on the\ttable\n", "on table"),
        ("Yes!", "yes"),
        ("what?", "what"),
        ("T-shirt", "t shirt"),  # a mark between letters is read as a space
        ("red/white", "red white"),
        ("red / white", "red white"),
        ("red- white", "red white"),
        ("T-shirt - red", "tshirt red"),  # the mark stands beside a space somewhere: it goes everywhere
        ("red, white", "red white"),
        ("red,white", "red white"),
        ("1,000", "1000"),
        ("1,000 T-shirts", "1000 tshirts"),  # a comma in a number: all marks go
        ("p.m.", "pm"),
        ("3.5", "3.5"),
        ("3.", "3"),
        (".5", ".5"),
        ("no. 7", "no 7"),
        ("$5", "$5"),
        ("50%", "50%"),
        ("man's hat", "man's hat"),
        ("zero one two three four five six seven eight nine ten", "0 1 2 3 4 5 6 7 8 9 10"),
        ("None", "0"),
        ("eleven", "eleven"),
        ("Two men", "2 men"),
        ("a dog and the cat", "dog and cat"),
        ("an apple", "apple"),
        ("theatre", "theatre"),
        ("dont know", "don't know"),
        ("don't know", "don't know"),
        ("can't", "can't"),
        ("9 oclock", "9 o'clock"),
        ("its", "its"),
        ("were", "were"),
        ("A", "a"),  # nothing would be left
        ("The", "the"),
        ("?", "?"),
        ("", ""),
    ],
)
def test_forms(answer: str, form: str):
    assert answer_form(answer) == form


def test_a_form_is_its_own_form():
    for answer in ("The two T-shirts.", "1,000", "dont", "9 oclock", "3.5", "A"):
        assert answer_form(answer_form(answer)) == answer_form(answer)


def test_contractions_differ_from_what_they_stand_for_by_an_apostrophe_alone():
    for without, contraction in CONTRACTIONS.items():
        assert contraction.count("'") == 1
        assert contraction.replace("'", "") == without
    assert {"dont": "don't", "theyve": "they've", "yall": "y'all", "whats": "what's"}.items() <= CONTRACTIONS.items()
    assert not {"its", "well", "were", "hell", "shell", "id", "ill"} & CONTRACTIONS.keys()
