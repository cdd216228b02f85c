"""The one form that answers to questions about photos are brought to: our implementation of the rule of VQA."""

from __future__ import annotations

import re

MARKS = ';/[]"{}()=+\\_-><@`,?!'
"""Marks that are taken out, or are read as a space."""

COMMA_IN_NUMBER = re.compile(r"\d,\d")
FULL_STOP = re.compile(r"\.(?!\d)")
"""Not the point of a decimal."""

NUMBERS = {"none": "0"} | {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
}
ARTICLES = frozenset({"a", "an", "the"})

ENDINGS = {
    "n't": "ai are ca could did does do had has have is might must need should was were wo would",
    "'ve": "could i might must should they we would you",
    "'re": "they what you",
    "'ll": "it that they you",
    "'d": "how they who you",
    "'s": "he how let someone that there what when where who why",
    "'all": "y",
    "'am": "ma",
    "'clock": "o",
}
CONTRACTIONS = {
    stem + ending.replace("'", ""): stem + ending for ending, stems in ENDINGS.items() for stem in stems.split()
}
"""Contraction without its apostrophe -> with it. Our own table, without what is often another word, such as "its"."""


def answer_form(text: str) -> str:
    """An answer in the form in which answers are compared.

    Marks become a space; where a mark stands beside a space somewhere in the text, or a comma within a number, it is
    taken out instead. Full stops go, unless a digit follows. Letters become small, number words digits, articles go,
    and contractions get their apostrophe. Of an answer of which nothing would be left, such as the letter "A", only
    the letters become small: this is not in the published rule.

    Args:
        text: What somebody answered.

    Source:
        S. Antol et al., VQA: visual question answering, ICCV 2015, and the evaluation published with it, of which this
        is our implementation; its table of contractions is longer.

    Examples:
        >>> answer_form("The two T-shirts.")
        '2 t shirts'
    """
    text = " ".join(text.split())
    thousands = COMMA_IN_NUMBER.search(text) is not None
    out: dict[str, str | int | None] = {
        m: "" if thousands or f"{m} " in text or f" {m}" in text else " " for m in MARKS
    }
    words = FULL_STOP.sub("", text.translate(str.maketrans(out))).lower().split()
    counted = [NUMBERS.get(word, word) for word in words]
    kept = [CONTRACTIONS.get(word, word) for word in counted if word not in ARTICLES]
    return " ".join(kept) or text.lower()
