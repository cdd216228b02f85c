"""The drawing of which method to choose is what its script draws, and names methods that there are."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import commonspace as cs
from tests.scripts import load_script

drawing = load_script("draw_choice")


def test_the_drawing_is_current():
    assert drawing.main(["--check"]) == 0, "run scripts/draw_choice.py"


def test_it_is_well_formed_and_every_method_in_it_exists():
    root = ElementTree.fromstring(drawing.draw())
    texts = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    answers = [line for _, answer in drawing.QUESTIONS for line in answer] + list(drawing.LAST)
    assert set(answers) <= set(texts)
    named = {word for line in answers for word in re.findall(r"\b[A-Z]\w+", line)} - {"JRL,"}
    assert {"CCA", "Diachronic", "EarlyFusion"} <= named <= set(cs.__all__)


def test_check_fails_where_it_is_missing_or_old(tmp_path, capsys):
    path = tmp_path / "choice.svg"
    assert drawing.main(["--check"], drawing=path) == 1
    assert drawing.main([], drawing=path) == 0
    assert drawing.main(["--check"], drawing=path) == 0
    path.write_text("old")
    assert drawing.main(["--check"], drawing=path) == 1
    assert capsys.readouterr().out.count("out of date") == 2
