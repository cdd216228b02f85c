"""Sentences of NLVR2 from tiny files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commonspace.errors import InputError
from commonspace.reasoning.readers import read_nlvr2
from commonspace.reasoning.tasks import Statement

from .published import write_lines, write_photos

LINES = [
    {"identifier": "dev-850-0-0", "sentence": "There are two dogs.", "label": "True", "synset": "dog"},
    {"identifier": "dev-850-0-1", "sentence": "No dog is black.", "label": "False", "synset": "dog"},
    {"identifier": "dev-9-3-1", "sentence": "One door.", "label": "False"},
]


def test_two_photos_and_a_label_of_each_sentence(tmp_path: Path):
    names = ("dev-850-0-img0.png", "dev-850-0-img1.png", "dev-9-3-img0.png", "dev-9-3-img1.png")
    photos = write_photos(tmp_path / "photos", *names, "dev-1-0-img0.png")
    found = read_nlvr2(write_lines(tmp_path / "dev.json", LINES), photos)
    assert found.examples == [
        Statement(names[0], "There are two dogs.", "true", names[1]),
        Statement(names[0], "No dog is black.", "false", names[1]),
        Statement(names[2], "One door.", "false", names[3]),
    ]
    assert found.photos == {name: photos / name for name in names}
    assert found.skipped == {}


@pytest.mark.parametrize("folder", ["", "63/", "images/train/63/"])
def test_photos_are_found_in_the_folder_and_in_the_one_of_the_directory(tmp_path: Path, folder: str):
    names = ("train-1-0-img0.png", "train-1-0-img1.png")
    photos = write_photos(tmp_path / "photos", *(folder + name for name in names))
    line = {"identifier": "train-1-0-2", "sentence": "A dog.", "label": "True", "directory": 63}
    found = read_nlvr2(write_lines(tmp_path / "train.json", [line]), photos)
    assert found.photos == {name: photos / folder / name for name in names}
    assert found.examples == [Statement(names[0], "A dog.", "true", names[1])]


def test_the_directory_comes_before_other_folders(tmp_path: Path):
    names = ("train-1-0-img0.png", "train-1-0-img1.png")
    photos = write_photos(tmp_path / "photos", *(f"{folder}/{name}" for folder in (63, 64) for name in names))
    line = {"identifier": "train-1-0-2", "sentence": "A dog.", "label": "True", "directory": 64}
    found = read_nlvr2(write_lines(tmp_path / "train.json", [line]), photos)
    assert found.photos == {name: photos / "64" / name for name in names}


def test_a_sentence_of_which_a_photo_is_missing_or_the_label_unknown_is_skipped(tmp_path: Path):
    photos = write_photos(tmp_path / "photos", "dev-850-0-img0.png", "dev-850-0-img1.png", "dev-9-3-img0.png")
    lines = [*LINES, {"identifier": "dev-850-0-2", "sentence": "A dog.", "label": "Maybe"}]
    found = read_nlvr2(write_lines(tmp_path / "dev.json", lines), photos)
    assert len(found.examples) == 2
    assert sorted(found.photos) == ["dev-850-0-img0.png", "dev-850-0-img1.png"]
    assert found.skipped == {
        "dev-9-3-img1.png": f"no file 'dev-9-3-img1.png' in {photos}.",
        "dev-850-0-2": "unknown label 'Maybe'; expected one of ['True', 'False'].",
    }


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"identifier": "dev-1-0-0", "sentence": "A dog."}, "line 2: field 'label': expected a text, and it is not"),
        ({"identifier": "dev-1-0-0", "label": "True"}, "line 2: field 'sentence'"),
        ({"sentence": "A dog.", "label": "True"}, "line 2: field 'identifier'"),
        ({"identifier": "dev", "sentence": "A dog.", "label": "True"}, "line 2: field 'identifier': .* got 'dev'"),
        (LINES[0] | {"label": True}, "line 2: field 'label': expected a text, got True"),
        (LINES[0] | {"directory": "a"}, "line 2: field 'directory': expected a whole number, got 'a'"),
        ([], "line 2: expected an object with fields"),
    ],
)
def test_what_is_not_of_the_layout_is_named(tmp_path: Path, line: Any, told: str):
    photos = write_photos(tmp_path / "photos", "dev-850-0-img0.png", "dev-850-0-img1.png")
    with pytest.raises(InputError, match=rf"dev\.json, {told}"):
        read_nlvr2(write_lines(tmp_path / "dev.json", [LINES[0], line]), photos)


def test_a_broken_line_is_named(tmp_path: Path):
    path = write_lines(tmp_path / "dev.json", LINES)
    path.write_text(path.read_text()[:-5])
    photos = write_photos(tmp_path / "photos", "dev-850-0-img0.png", "dev-850-0-img1.png")
    with pytest.raises(InputError, match=r"dev\.json, line 3: expected JSON"):
        read_nlvr2(path, photos)
