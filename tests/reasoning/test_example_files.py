"""Examples as JSON lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commonspace.errors import InputError, StorageError, UnknownNameError
from commonspace.reasoning.example_files import read_examples
from commonspace.reasoning.tasks import Caption, Choice, Question, Reference, Statement


@pytest.fixture
def lines(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "examples.jsonl"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("kind", "line", "example"),
    [
        (
            "question-answering",
            '{"photo": "1.jpg", "text": "what?", "answers": ["a"]}',
            Question("1.jpg", "what?", ("a",)),
        ),
        (
            "referring",
            '{"photo": "1.jpg", "phrase": "it", "boxes": [[0, 0, 0.5, 1]], "box": [0, 0, 0.5, 1]}',
            Reference("1.jpg", "it", ((0, 0, 0.5, 1),), (0, 0, 0.5, 1)),
        ),
        (
            "verification",
            '{"photo": "1.jpg", "text": "so", "label": "true", "other": null}',
            Statement("1.jpg", "so", "true"),
        ),
        ("caption-retrieval", '{"photo": "1.jpg", "text": "a", "hard": ["b"]}', Caption("1.jpg", "a", ("b",))),
        (
            "multiple-choice",
            '{"photo": "1.jpg", "text": "?", "options": ["a", "b"], "option": 1}',
            Choice("1.jpg", "?", ("a", "b"), 1),
        ),
    ],
)
def test_a_line_is_an_example(lines, kind, line, example):
    assert read_examples(lines(f"{line}\n\n{line}\n"), kind) == [example, example]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2: expected JSON"),
        ("[1]", "line 2: expected an object"),
        ('{"photo": "1.jpg", "text": "what?"}', "line 2: the field answers is missing"),
        ('{"photo": "1.jpg", "text": "what?", "answers": ["a"], "colour": 1}', "line 2: unknown field 'colour'"),
        ('{"photo": "1.jpg", "text": "what?", "answers": []}', "line 2: answers: expected a list of texts"),
        ('{"photo": 1, "text": "what?", "answers": ["a"]}', "line 2: photo: expected a text, got 1"),
        (
            '{"photo": "1.jpg", "text": "what?", "answers": ["a"], "boxes": [[0, 1]]}',
            "line 2: boxes: expected a list of boxes",
        ),
    ],
)
def test_a_line_that_is_none_is_named(lines, line, told):
    good = '{"photo": "1.jpg", "text": "what?", "answers": ["a"]}'
    with pytest.raises(InputError, match=told):
        read_examples(lines(f"{good}\n{line}\n"), "question-answering")


@pytest.mark.parametrize("mark", ["\u2028", "\u0085", "\x1c"])
def test_a_line_ends_with_a_line_feed_alone(lines, mark):
    text = f"a cat{mark}a dog"
    line = json.dumps({"photo": "1.jpg", "text": text, "answers": ["a"]}, ensure_ascii=False)
    assert read_examples(lines(f"{line}\r\n{line}"), "question-answering") == [Question("1.jpg", text, ("a",))] * 2


def test_a_byte_order_mark_is_passed_over(lines):
    line = '{"photo": "1.jpg", "text": "what?", "answers": ["a"]}'
    assert read_examples(lines(f"\ufeff{line}\n"), "question-answering") == [Question("1.jpg", "what?", ("a",))]


def test_a_line_nested_beyond_reading_is_named(lines):
    with pytest.raises(InputError, match="line 1: expected JSON"):
        read_examples(lines('{"photo": ' + "[" * 100_000), "question-answering")


def test_a_file_that_is_not_there_and_an_unknown_kind_are_told(tmp_path, lines):
    with pytest.raises(StorageError, match=r"gone\.jsonl"):
        read_examples(tmp_path / "gone.jsonl", "referring")
    with pytest.raises(UnknownNameError, match=r"kind of task 'refering'; did you mean 'referring'\?"):
        read_examples(lines(""), "refering")
