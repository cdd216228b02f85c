"""Sentences of SNLI-VE from tiny files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from commonspace.errors import InputError
from commonspace.reasoning.readers import read_snli_ve
from commonspace.reasoning.tasks import Statement

from .published import write_lines, write_photos


def pair(photo: str, number: int, text: str, label: str) -> dict[str, Any]:
    given = {"Flickr30K_ID": photo, "captionID": f"{photo}.jpg#0", "pairID": f"{photo}.jpg#0r{number}n"}
    return {**given, "sentence1": "A caption.", "sentence2": text, "gold_label": label, "annotator_labels": [label]}


LINES = [
    pair("101", 1, "A man sleeps.", "contradiction"),
    pair("202", 1, "A dog runs.", "entailment"),
    pair("101", 2, "A man is tall.", "neutral"),
]


def test_the_hypothesis_and_its_label(tmp_path: Path):
    photos = write_photos(tmp_path / "photos", "101.jpg", "202.jpg", "303.jpg")
    found = read_snli_ve(write_lines(tmp_path / "dev.jsonl", LINES), photos)
    assert found.examples == [
        Statement("101.jpg", "A man sleeps.", "contradiction"),
        Statement("202.jpg", "A dog runs.", "entailment"),
        Statement("101.jpg", "A man is tall.", "neutral"),
    ]
    assert found.photos == {name: photos / name for name in ("101.jpg", "202.jpg")}


def test_what_cannot_be_used_is_skipped_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    photos = write_photos(tmp_path / "photos", "101.jpg")
    lines = [
        pair("101", 3, "A man stands.", "-"),
        pair("101", 4, "A man stands.", "perhaps"),
        pair("101", 5, " ", "neutral"),
        *LINES,
    ]
    with caplog.at_level(logging.WARNING, "commonspace"):
        found = read_snli_ve(write_lines(tmp_path / "dev.jsonl", lines), photos)
    assert [e.text for e in found.examples] == ["A man sleeps.", "A man is tall."]
    assert found.skipped == {
        "101.jpg#0r3n": "no gold label, but '-': people did not agree.",
        "101.jpg#0r4n": "unknown label 'perhaps'; expected one of ['entailment', 'neutral', 'contradiction'].",
        "101.jpg#0r5n": "a text of it has no words.",
        "202.jpg": f"no file '202.jpg' in {photos}.",
    }
    assert len(caplog.messages) == 1
    assert "2 examples read, 4 photos or records skipped, the first 101.jpg#0r3n: no gold label" in caplog.messages[0]


@pytest.mark.parametrize("field", ["Flickr30K_ID", "sentence2", "gold_label", "pairID"])
def test_a_field_that_is_missing_is_named_with_its_line(tmp_path: Path, field: str):
    path = write_lines(tmp_path / "dev.jsonl", [*LINES, {k: v for k, v in LINES[0].items() if k != field}])
    with pytest.raises(InputError, match=rf"dev\.jsonl, line 4: field '{field}': expected a text, and it is not there"):
        read_snli_ve(path, write_photos(tmp_path / "photos", "101.jpg"))


def test_a_broken_line_is_named(tmp_path: Path):
    path = write_lines(tmp_path / "dev.jsonl", LINES)
    path.write_text(path.read_text().replace('"A dog runs."', "A dog runs"))
    with pytest.raises(InputError, match=r"dev\.jsonl, line 2: expected JSON"):
        read_snli_ve(path, write_photos(tmp_path / "photos", "101.jpg"))
