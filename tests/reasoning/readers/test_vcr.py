"""Questions of VCR from tiny files, whose words point to boxes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from commonspace.errors import InputError
from commonspace.reasoning.readers import read_vcr
from commonspace.reasoning.readers.vcr_words import pointed
from commonspace.reasoning.tasks import Choice
from commonspace.reasoning.tokens import pointers

from .published import write_json, write_lines, write_photos

FIRST, SECOND = "lsmdc_1/one@0.jpg", "lsmdc_2/two@1.jpg"
METADATA = {
    "boxes": [[20, 10, 70, 50, 0.99], [150.0, -10.0, 250.0, 50.0, 0.5], [0, 0, 200, 100, 0.4]],
    "width": 200,
    "height": 100,
    "names": ["person", "person", "car"],
    "segms": [[], [], []],
}
BOXES = ((0.1, 0.1, 0.35, 0.5), (0.75, 0.0, 1.0, 0.5), (0.0, 0.0, 1.0, 1.0))


def line(photo: str = FIRST, **changed: Any) -> dict[str, Any]:
    return {
        "img_fn": photo,
        "metadata_fn": photo.replace(".jpg", ".json"),
        "objects": ["person", "person", "car"],
        "question": ["Why", "are", [0, 1], "in", [2], "?"],
        "answer_choices": [["They", "fly", "."], [[0], "drives", "."], ["[1]", "sleeps", "."], ["No", "reason", "."]],
        "answer_label": 1,
        "rationale_choices": [[[0, 1, 2], "are", "here", "."], ["So", "."], ["It", "rains", "."], ["Films", "."]],
        "rationale_label": 3,
        **changed,
    }


def scenes(folder: Path, *names: str) -> Path:
    photos = write_photos(folder / "vcr1images", *names)
    for name in names:
        write_json(photos / name.replace(".jpg", ".json"), METADATA)
    return photos


def test_answers_and_the_reasons_of_the_right_one(tmp_path: Path):
    photos = scenes(tmp_path, FIRST, SECOND)
    found = read_vcr(write_lines(tmp_path / "val.jsonl", [line(), line(SECOND, answer_label=0)]), photos)
    question = "Why are [0] and [1] in [2] ?"
    answers = ("They fly .", "[0] drives .", "(1) sleeps .", "No reason .")
    rationales = ("[0], [1] and [2] are here .", "So .", "It rains .", "Films .")
    assert found.answers.examples == [
        Choice(FIRST, question, answers, 1, BOXES),
        Choice(SECOND, question, answers, 0, BOXES),
    ]
    assert found.rationales.examples == [
        Choice(FIRST, f"{question} [0] drives .", rationales, 3, BOXES),
        Choice(SECOND, f"{question} They fly .", rationales, 3, BOXES),
    ]
    assert found.answers.photos == found.rationales.photos == {FIRST: photos / FIRST, SECOND: photos / SECOND}
    assert found.answers.skipped == found.rationales.skipped == {}


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ([[3]], "[3]"),
        ([[1, 2], "run"], "[1] and [2] run"),
        (["See", [2, 0, 1]], "See [2], [0] and [1]"),
        (["See", "[2]"], "See (2)"),
        (["[", "2", "]"], "[ 2 ]"),
        ([], ""),
    ],
)
def test_lists_of_boxes_become_pointers_and_words_do_not(tokens: list[Any], text: str):
    assert pointed(tokens, 4, "here") == text
    assert pointers(text) == [number for token in tokens if isinstance(token, list) for number in token]


def test_what_is_missing_is_skipped_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    photos = scenes(tmp_path, FIRST)
    write_photos(photos, "lsmdc_3/bare.jpg")
    empty = [["."], [], ["a"]]
    lines = [line(SECOND), line(), line("lsmdc_3/bare.jpg"), line(answer_choices=empty)]
    with caplog.at_level(logging.WARNING, "commonspace"):
        found = read_vcr(write_lines(tmp_path / "val.jsonl", lines), photos)
    assert [e.photo for e in found.answers.examples] == [e.photo for e in found.rationales.examples] == [FIRST]
    assert found.answers.photos == {FIRST: photos / FIRST}
    assert (
        found.answers.skipped
        == found.rationales.skipped
        == {
            SECOND: f"no file {SECOND!r} in {photos}.",
            "lsmdc_3/bare.jpg": "no file 'bare.json' beside it.",
            "line 4": "a text of it has no words.",
        }
    )
    assert len(caplog.messages) == 1
    assert f"1 examples read, 3 photos or records skipped, the first {SECOND}" in caplog.messages[0]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"question": "Why?"}, "field 'question': expected a list of words and lists of boxes, got 'Why"),
        ({"question": None}, "field 'question': expected a list of words and lists of boxes, got None"),
        ({"question": ["Why", 3]}, "field 'question': expected words and lists of boxes, got 3 as one of them"),
        ({"question": ["Why", []]}, "field 'question': expected words and lists of boxes, got list of 0"),
        ({"question": [[3]]}, "field 'question': expected numbers of boxes below 3, got 3"),
        ({"question": [[-1]]}, "field 'question': expected numbers of boxes below 3, got -1"),
        ({"question": [[True]]}, "field 'question': expected numbers of boxes below 3, got True"),
        ({"answer_choices": [["a"]]}, "field 'answer_choices': expected a list of at least 2, got list of 1"),
        ({"rationale_choices": [["a"], 5]}, "field 'rationale_choices': expected a list of words"),
        ({"answer_label": 4}, "field 'answer_label': expected 0 to 3, got 4"),
        ({"rationale_label": -1}, "field 'rationale_label': expected 0 to 3, got -1"),
        ({"answer_label": "1"}, "field 'answer_label': expected a whole number, got '1'"),
        ({"objects": ["person"]}, "field 'objects': expected one for each of the 3 boxes of .*, got 1"),
        ({"img_fn": None}, "field 'img_fn': expected a text, got None"),
    ],
)
def test_what_is_not_of_the_layout_is_named(tmp_path: Path, changed: dict[str, Any], told: str):
    path = write_lines(tmp_path / "val.jsonl", [line(), line(**changed)])
    with pytest.raises(InputError, match=rf"val\.jsonl, line 2: {told}"):
        read_vcr(path, scenes(tmp_path, FIRST))


@pytest.mark.parametrize("field", ["img_fn", "metadata_fn", "objects", "answer_label", "rationale_choices"])
def test_a_field_that_is_missing_is_named_with_its_line(tmp_path: Path, field: str):
    path = write_lines(tmp_path / "val.jsonl", [line(), {k: v for k, v in line().items() if k != field}])
    with pytest.raises(InputError, match=rf"val\.jsonl, line 2: field '{field}': .* it is not there"):
        read_vcr(path, scenes(tmp_path, FIRST))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"boxes": None}, r"field 'boxes': expected a list, got None"),
        ({"boxes": [[1, 2, 3, 4]]}, r"field 'boxes': expected a box of 5 numbers, got \['1', '2', '3', '4'\]"),
        ({"boxes": [[9, 2, 3, 4, 1]]}, r"field 'boxes': expected a box with sides of 0 or more pixels, got -6\.0 x 2"),
        ({"width": 0}, r"field 'width': expected a number above 0, got 0"),
        ({"height": "100"}, r"field 'height': expected a number above 0, got '100'"),
    ],
)
def test_metadata_that_is_not_of_the_layout_is_named(tmp_path: Path, changed: dict[str, Any], told: str):
    photos = scenes(tmp_path, FIRST)
    write_json(photos / "lsmdc_1" / "one@0.json", METADATA | changed)
    with pytest.raises(InputError, match=rf"one@0\.json: {told}"):
        read_vcr(write_lines(tmp_path / "val.jsonl", [line()]), photos)


def test_a_broken_line_is_named(tmp_path: Path):
    path = write_lines(tmp_path / "val.jsonl", [line(), line()])
    path.write_text(path.read_text() + "{\n")
    with pytest.raises(InputError, match=r"val\.jsonl, line 3: expected JSON"):
        read_vcr(path, scenes(tmp_path, FIRST))
