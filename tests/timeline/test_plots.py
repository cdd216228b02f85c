from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commonspace.errors import InputError
from commonspace.spaces.temporal.instants import Clock, numbers_of
from commonspace.timeline import (
    Curve,
    Neighbour,
    Trajectory,
    plot_curves,
    plot_heat_map,
    plot_summary,
    plot_trajectories,
    summarise,
)

DATES, _ = numbers_of([date(1900 + 10 * i, 1, 1) for i in range(4)])
CLOCK = Clock("date", DATES[0], DATES[-1])


def curve(name: str, values: list[float], edges: np.ndarray = DATES) -> Curve:
    v = np.array(values)
    return Curve(name, edges, v, v - 0.1, v + 0.1, np.array([9, 1, 9]), CLOCK)


def path(points: int = 3) -> Trajectory:
    where = np.eye(4)[:points]
    near = tuple((Neighbour(f"item {i}", 0.9, "1900-01-01", "image"),) for i in range(points))
    return Trajectory("war", DATES[:points], where, near, np.zeros(points, bool), 1.0, CLOCK)


def text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def test_curves_name_what_they_are_of_and_leave_gaps(tmp_path: Path):
    plot_curves([curve("dispersion of war", [0.1, np.nan, 0.3])], tmp_path / "c.svg")
    assert "<!-- dispersion of war -->" in text(tmp_path / "c.svg")
    assert re.search(r"<!-- 19\d\d -->", text(tmp_path / "c.svg"))


def test_a_heat_map_has_a_row_for_each_curve_and_needs_equal_bins(tmp_path: Path):
    plot_heat_map([curve("a and b", [0.1, 0.2, 0.3]), curve("a and c", [0.3, np.nan, 0.1])], tmp_path / "h.svg")
    assert all(f"<!-- {name} -->" in text(tmp_path / "h.svg") for name in ("a and b", "a and c"))
    with pytest.raises(InputError, match="curves: a heat map needs the same bins for all"):
        plot_heat_map([curve("a", [0.1, 0.2, 0.3]), curve("b", [0.1, 0.2, 0.3], DATES + 1)], tmp_path / "x.svg")


@pytest.mark.parametrize("points", [1, 3])
def test_a_path_is_drawn_and_named_where_it_ends(tmp_path: Path, points: int):
    plot_trajectories([path(points)], tmp_path / "t.svg")
    assert "<!-- war -->" in text(tmp_path / "t.svg")


def test_a_summary_shows_the_picture_of_each_scene_or_its_name(tmp_path: Path):
    Image.new("RGB", (8, 8), (250, 0, 0)).save(tmp_path / "red.png")
    plot_summary(summarise(path(), 2), {"item 0": tmp_path / "red.png"}, tmp_path / "s.png")
    with Image.open(tmp_path / "s.png") as strip:
        pixels = np.asarray(strip.convert("RGB")).reshape(-1, 3)
    assert (pixels == [250, 0, 0]).all(1).mean() > 0.1
    plot_summary(summarise(path(), 2), {}, tmp_path / "s.svg")
    assert "<!-- item 0 -->" in text(tmp_path / "s.svg")


@pytest.mark.parametrize("name", ["$5-$10", "$x^$"])
def test_dollars_in_a_name_are_dollars(tmp_path: Path, name: str):
    plot_curves([curve(name, [0.1, 0.2, 0.3])], tmp_path / "curves.svg")
    plot_heat_map([curve(name, [0.1, 0.2, 0.3])], tmp_path / "map.svg")
    plot_trajectories([replace(path(), name=name)], tmp_path / "paths.svg")
    plot_summary(summarise(replace(path(), name=name), 2), {}, tmp_path / "scenes.svg")
    for file in tmp_path.glob("*.svg"):
        (drawn,) = re.findall(rf"<!-- {re.escape(name)} -->(.*?)</g>", text(file), re.DOTALL)
        assert drawn.count("<use ") == len(name)  # a glyph for each character


def test_nothing_cannot_be_drawn(tmp_path: Path):
    for draw in (plot_curves, plot_heat_map):
        with pytest.raises(InputError, match="curves: expected at least one"):
            draw([], tmp_path / "x.svg")
    gone = Trajectory("war", DATES[:1], np.full((1, 4), np.nan), ((),), np.zeros(1, bool), 1.0, CLOCK)
    with pytest.raises(InputError, match="trajectories: no point to draw"):
        plot_trajectories([gone], tmp_path / "x.svg")
    with pytest.raises(InputError, match="summary of war: there is no scene to draw"):
        plot_summary(summarise(gone), {}, tmp_path / "x.svg")
    assert not (tmp_path / "x.svg").exists()
