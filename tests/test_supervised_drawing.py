"""The drawing of label spaces is what its script draws."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.scripts import load_script

drawing = load_script("draw_supervised_idea")


def test_the_drawing_is_current():
    assert drawing.main(["--check"]) == 0, "run scripts/draw_supervised_idea.py"


def test_it_is_well_formed_and_names_modalities_and_classes():
    root = ElementTree.fromstring(drawing.draw())
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {*drawing.VIEWS, *(name for name, _ in drawing.CLASSES)} <= texts


def test_check_fails_where_it_is_missing_or_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "images" / "supervised.svg"
    assert drawing.main(["--check"], drawing=path) == 1
    assert drawing.main([], drawing=path) == 0
    assert drawing.main(["--check"], drawing=path) == 0
    path.write_text("old")
    assert drawing.main(["--check"], drawing=path) == 1
    assert capsys.readouterr().out.count("out of date") == 2
