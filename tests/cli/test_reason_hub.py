"""`commonspace reason` with a pretrained model in place of a folder that it trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from commonspace.cli.app import app
from commonspace.errors import ParameterError, StorageError
from commonspace.reasoning import HubReasoner
from tests.reasoning.tiny_hub import needs_extra, picture, save_tiny

pytestmark = needs_extra


def run(*arguments: object) -> str:
    """What a command prints; errors come out as exceptions."""
    return CliRunner().invoke(app, ["reason", *map(str, arguments)], catch_exceptions=False).stdout


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(picture()).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_answers_are_those_of_the_library(photo: Path, tmp_path: Path):
    model = save_tiny(tmp_path / "vqa", "ViltForQuestionAnswering")
    asked = json.loads(run("ask", photo, "what colour is it?", "--model", f"hf:{model}", "--json"))
    answer = HubReasoner(str(model)).ask(photo, "what colour is it?")
    assert (asked["text"], asked["probabilities"]) == (answer.text, list(answer.probabilities))
    with pytest.raises(ParameterError, match=r"point: hf:.* is a ViltForQuestionAnswering, which cannot"):
        run("point", photo, "it", "--model", f"hf:{model}")
    with pytest.raises(ParameterError, match=r"attention: hf:.* does not tell"):
        run("ask", photo, "it?", "--model", f"hf:{model}", "--picture", tmp_path / "a.png")


def test_a_sentence_and_a_choice_with_its_reason(photo: Path, tmp_path: Path):
    model = save_tiny(tmp_path / "matcher", "BlipForImageTextRetrieval")
    reasoner = HubReasoner(str(model))
    verified = json.loads(run("verify", photo, "it is red", "--model", f"hf:{model}", "--json"))
    assert verified["text"] == reasoner.verify(photo, "it is red").text
    options = ("--option", "red", "--option", "blue", "--rationale", "it is a circle", "--rationale", "there is blue")
    chosen = json.loads(run("choose", photo, "what is it?", *options, "--model", f"hf:{model}", "--json"))
    answer = reasoner.choose(photo, "what is it?", ["red", "blue"])
    assert chosen["answer"]["text"] == answer.text
    why = reasoner.choose(photo, f"what is it? {answer.text}", ["it is a circle", "there is blue"], reasons=True)
    assert chosen["rationale"]["text"] == why.text


def test_a_box_is_found_and_drawn(photo: Path, tmp_path: Path):
    model = save_tiny(tmp_path / "detector", "OwlViTForObjectDetection")
    call = ("point", photo, "a circle", "--model", f"hf:{model}", "--json")
    found = json.loads(run(*call, "--picture", tmp_path / "box.png"))
    assert found["box"] == pytest.approx(HubReasoner(str(model)).point(photo, "a circle").box)
    assert (tmp_path / "box.png").stat().st_size > 1000
    assert json.loads(run(*call, "--boxes", "[[0, 0, 25, 20], [25, 0, 50, 40]]"))["choice"] in (0, 1)


def test_a_folder_without_hf_is_one_of_our_own(photo: Path, tmp_path: Path):
    model = save_tiny(tmp_path / "vqa", "ViltForQuestionAnswering")
    with pytest.raises(StorageError, match="no saved reasoner"):
        run("ask", photo, "what is it?", "--model", model)
