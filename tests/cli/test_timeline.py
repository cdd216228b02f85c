"""`commonspace timeline` on planted classes that change, against the library itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import commonspace as cs
from commonspace import timeline as tl
from commonspace.data import save_dataset
from commonspace.data.drift import planted_drift
from commonspace.errors import InputError, ParameterError, UnknownNameError


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A space and a data set."""
    root = tmp_path_factory.mktemp("timeline")
    data = planted_drift(700, seed=1).data
    save_dataset(data, root / "data")
    cs.CCA(n_components=8, ridge=1.0).fit(data.views).save(root / "space")
    return root / "space", root / "data"


def loaded(folders: tuple[Path, Path]) -> tuple[cs.spaces.Space, cs.Dataset]:
    return cs.load_space(folders[0]), cs.load_dataset(str(folders[1]))


def drawn(path: Path) -> bool:
    with Image.open(path) as picture:
        return len(np.unique(np.asarray(picture.convert("L")))) > 10


def test_dispersion_is_what_the_library_tells(run, folders, tmp_path):
    space, data = loaded(folders)
    asked = ("timeline", "dispersion", *folders, "splitting", "still", "--to", "image", "--bins", 4)
    expected = [tl.dispersion(space, data, kind, modality="image", bins=4) for kind in ("splitting", "still")]
    assert json.loads(run(*asked, "--json").stdout) == [curve.to_dict() for curve in expected]
    told = run(*asked, "--picture", tmp_path / "d.png").stdout
    assert told == "\n".join(map(str, expected)) + "\n"
    assert drawn(tmp_path / "d.png")


def test_compare_is_what_the_library_tells(run, folders, tmp_path):
    space, data = loaded(folders)
    found = run(
        *("timeline", "compare", *folders, "still", "moving", "merging", "--bins", 3),
        *("--picture", tmp_path / "c.png", "--json"),
    )
    assert json.loads(found.stdout) == [
        tl.compare(space, data, "still", kind, bins=3).to_dict() for kind in ("moving", "merging")
    ]
    assert drawn(tmp_path / "c.png")
    with pytest.raises(ParameterError, match="compare: expected a class and at least one other, got 'still' alone"):
        run("timeline", "compare", *folders, "still")


def test_trajectory_is_what_the_library_tells(run, folders, tmp_path):
    space, data = loaded(folders)
    asked = ("timeline", "trajectory", *folders, "moving", "--to", "text", "--steps", 5, "--k", 2, "--window", 5)
    expected = tl.trajectory(space, data, "moving", 5, to="text", k=2, window=5.0)
    assert json.loads(run(*asked, "--json").stdout) == [expected.to_dict()]
    told = run(*asked, "--picture", tmp_path / "t.png").stdout.splitlines()
    assert told[0] == "moving"
    assert len(told) == 6
    assert expected.neighbours[2][0].id in told[3]
    assert drawn(tmp_path / "t.png")


def test_summary_is_what_the_library_tells(run, folders, tmp_path):
    space, data = loaded(folders)
    asked = ("timeline", "summary", *folders, "bursting", "--to", "image", "--scenes", 2, "--steps", 41)
    expected = tl.summarise(tl.trajectory(space, data, "bursting", 41, to="image", k=2), 2)
    assert json.loads(run(*asked, "--json").stdout) == expected.to_dict()
    told = run(*asked, "--picture", tmp_path / "s.png").stdout.splitlines()
    assert told[0] == "bursting"
    assert len(told) == 3
    assert drawn(tmp_path / "s.png")


def test_what_cannot_be_told_is_said(run, folders):
    with pytest.raises(UnknownNameError, match="class"):
        run("timeline", "dispersion", *folders, "hopping")
    with pytest.raises(ParameterError, match="modality: name the one"):
        run("timeline", "dispersion", *folders, "war", "--from", "text")
    with pytest.raises(UnknownNameError, match="encoder"):
        run("timeline", "trajectory", *folders, "war", "--from", "text", "--to", "image")
    with pytest.raises(ParameterError, match="times: expected a whole number of 1 or more, got 0"):
        run("timeline", "trajectory", *folders, "still", "--to", "image", "--steps", 0)
    with pytest.raises(ParameterError, match="k: expected a whole number of 1 or more, got -1"):
        run("timeline", "trajectory", *folders, "still", "--to", "image", "--k", -1)
    with pytest.raises(ParameterError, match="window: expected a number above 0, got -5"):
        run("timeline", "trajectory", *folders, "still", "--to", "image", "--window", -5)
    with pytest.raises(InputError, match=r"x.txt: a drawing ends in one of .svg, .png, .pdf, got .txt"):
        run("timeline", "dispersion", *folders, "still", "--picture", "x.txt")
    with pytest.raises(UnknownNameError, match="modality"):
        run("timeline", "summary", *folders, "still", "--to", "sound")


def test_a_diachronic_space_is_fitted_and_asked_from_the_command_line(run, folders, tmp_path):
    quick = ("--set", "max_epochs=1", "--set", "hidden_sizes=[8]", "--set", "n_components=4")
    run("fit", folders[1], "--space", "diachronic", "--split", "all", *quick, "--out", tmp_path / "space")
    told = run("timeline", "dispersion", tmp_path / "space", folders[1], "still", "--bins", 2).stdout
    assert told.startswith("dispersion of still\n  1900")
