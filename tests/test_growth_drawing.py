"""The drawing of how fits take longer is what its script draws of the figures measured."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.scripts import load_script

drawing = load_script("draw_growth")
RESULTS = json.loads(drawing.RESULTS.read_text())


def test_the_drawing_is_current():
    assert drawing.main(["--check"]) == 0, "run scripts/draw_growth.py"


def test_it_is_well_formed_and_names_every_line_with_its_exponent():
    root = ElementTree.fromstring(drawing.draw(RESULTS))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    for line in RESULTS["lines"]:
        assert f"{line['space']}: {line['exponent']:.1f}" in texts
    assert len(list(root.iter("{http://www.w3.org/2000/svg}polyline"))) == len(RESULTS["lines"])


def test_lines_lie_within_their_frames():
    root = ElementTree.fromstring(drawing.draw(RESULTS))
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        y = np.array([point.split(",")[1] for point in str(line.get("points")).split()], float)
        assert drawing.TOP <= y.min() <= y.max() <= drawing.TOP + drawing.HEIGHT


def test_exponents_are_slopes_of_the_medians_measured():
    for line in RESULTS["lines"]:
        medians = [float(np.median(seconds)) for seconds in line["seconds"]]
        assert medians == line["median_seconds"]
        assert min(map(len, line["seconds"])) >= 3
        slope = np.polyfit(np.log(line["sizes"][-3:]), np.log(medians[-3:]), 1)[0]
        assert line["exponent"] == pytest.approx(slope)


def test_check_fails_where_it_is_missing_or_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "images" / "growth.svg"
    assert drawing.main(["--check"], drawing=path) == 1
    assert drawing.main([], drawing=path) == 0
    assert drawing.main(["--check"], drawing=path) == 0
    path.write_text("old")
    assert drawing.main(["--check"], drawing=path) == 1
    assert capsys.readouterr().out.count("out of date") == 2
