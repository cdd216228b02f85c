"""Questions of VQA v2 from tiny files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from commonspace.errors import InputError
from commonspace.reasoning.readers import read_vqa_v2
from commonspace.reasoning.tasks import Question

from .published import write_json, write_photos

FIRST, SECOND = "COCO_train2014_000000000009.jpg", "COCO_train2014_000000458752.jpg"
GIVEN = ["Yes", "yes", "yes.", "no", "The yes", "two", "dont know", "no", "no", "no"]
FORMS = ("yes", "yes", "yes", "no", "yes", "2", "don't know", "no", "no", "no")


def question(number: int, image: int, text: str) -> dict[str, Any]:
    return {"image_id": image, "question": text, "question_id": number}


def annotation(number: int, image: int, answers: list[str]) -> dict[str, Any]:
    given = [{"answer": a, "answer_confidence": "yes", "answer_id": i} for i, a in enumerate(answers, 1)]
    kind = {"question_type": "is the", "answer_type": "yes/no", "multiple_choice_answer": answers[0] if answers else ""}
    return {"question_id": number, "image_id": image, "answers": given, **kind}


QUESTIONS = [
    question(9000, 9, "Is it red?"),
    question(458752000, 458752, "What is on sign [2]?"),
    question(9001, 9, "How many?"),
]
ANNOTATIONS = [
    annotation(9001, 9, ["2"] * 10),
    annotation(9000, 9, GIVEN),
    annotation(458752000, 458752, ["stop"] * 10),
]


def files(folder: Path, questions: Any = QUESTIONS, annotations: Any = ANNOTATIONS) -> tuple[Path, Path]:
    return (
        write_json(folder / "questions.json", {"data_subtype": "train2014", "questions": questions}),
        write_json(folder / "annotations.json", {"data_subtype": "train2014", "annotations": annotations}),
    )


def test_questions_with_the_answers_of_their_number_in_one_form(tmp_path: Path):
    photos = write_photos(tmp_path / "photos", FIRST, f"train2014/{SECOND}", "COCO_train2014_000000000010.jpg")
    found = read_vqa_v2(*files(tmp_path), photos)
    assert found.examples == [
        Question(FIRST, "Is it red?", FORMS),
        Question(SECOND, "What is on sign (2)?", ("stop",) * 10),
        Question(FIRST, "How many?", ("2",) * 10),
    ]
    assert found.photos == {FIRST: photos / FIRST, SECOND: photos / "train2014" / SECOND}
    assert found.skipped == {}


def test_a_photo_that_is_not_there_is_skipped_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    photos = write_photos(tmp_path / "photos", SECOND)
    with caplog.at_level(logging.WARNING, "commonspace"):
        found = read_vqa_v2(*files(tmp_path), photos)
    assert [e.photo for e in found.examples] == [SECOND]
    assert found.skipped == {FIRST: f"no file {FIRST!r} in {photos}."}
    assert len(caplog.messages) == 1
    assert f"1 examples read, 1 photos or records skipped, the first {FIRST}" in caplog.messages[0]


def test_a_question_without_words_is_skipped(tmp_path: Path):
    photos = write_photos(tmp_path / "photos", FIRST)
    annotations = [annotation(1, 9, ["a"]), annotation(2, 9, ["b"])]
    found = read_vqa_v2(*files(tmp_path, [question(1, 9, " "), question(2, 9, "Who?")], annotations), photos)
    assert [e.text for e in found.examples] == ["Who?"]
    assert found.skipped == {"question 1": "a text of it has no words."}


@pytest.mark.parametrize(
    ("questions", "annotations", "told"),
    [
        ([{"image_id": 9, "question_id": 9000}], ANNOTATIONS, r"questions\.json, questions\[0\]: field 'question'"),
        (5, ANNOTATIONS, r"questions\.json: field 'questions': expected a list, got 5"),
        (QUESTIONS, ["x"], r"annotations\.json, annotations\[0\]: expected an object"),
        (QUESTIONS, [*ANNOTATIONS, {"image_id": 3}], r"annotations\[3\]: field 'question_id'.* there is image_id\."),
        (QUESTIONS, [annotation(9000, 9, [])], r"annotations\[0\]: field 'answers': expected a list of at least 1"),
        ([question(1, 9, "Why?")], ANNOTATIONS, r"questions\[0\]: field 'question_id': .*got 1, which is none there"),
        ([question(9000, 8, "Why?")], ANNOTATIONS, r"expected a question about image 8 in .*annotations\.json"),
    ],
)
def test_what_is_not_of_the_layout_is_named(tmp_path: Path, questions: Any, annotations: Any, told: str):
    photos = write_photos(tmp_path / "photos", FIRST, SECOND)
    with pytest.raises(InputError, match=told):
        read_vqa_v2(*files(tmp_path, questions, annotations), photos)


def test_an_answer_that_is_no_text_is_named(tmp_path: Path):
    broken = {"question_id": 9000, "image_id": 9, "answers": [{"answer": "a"}, {"answer": 2}]}
    with pytest.raises(InputError, match=r"annotations\[0\], answers\[1\]: field 'answer': expected a text, got 2"):
        read_vqa_v2(*files(tmp_path, QUESTIONS[:1], [broken]), write_photos(tmp_path / "photos", FIRST))


def test_annotations_that_do_not_name_their_photos(tmp_path: Path):
    questions, annotations = files(tmp_path)
    write_json(annotations, {"annotations": ANNOTATIONS})
    with pytest.raises(InputError, match=r"annotations\.json: field 'data_subtype': expected a text"):
        read_vqa_v2(questions, annotations, write_photos(tmp_path / "photos", FIRST))
