"""A reasoner: what it says, how sure it is, and that it is the same after saving."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from commonspace.errors import InputError, StorageError, UnknownNameError
from commonspace.reasoning.calibration import Calibration
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.predicting import predict
from commonspace.reasoning.reasoner import Reasoner
from commonspace.reasoning.tasks import Choice, Question, QuestionAnswering, Reference, Statement, Verification
from commonspace.reasoning.windows import window_boxes
from tests.reasoning.small import CONFIG

BOXES = ((0.1, 0.1, 0.4, 0.4), (0.5, 0.5, 1.0, 1.0))


@pytest.fixture
def reasoner(network: Any, preparation: Any) -> Reasoner:
    return Reasoner(network, preparation, {"questions": Calibration(2.0, 0.3)})


@pytest.fixture
def photo(scenes: Any) -> Any:
    return scenes[0].picture()


def test_each_answer_is_what_the_network_predicts_for_that_example(reasoner, photo, photos, preparation):
    def predicted(name: str, example: Any) -> Any:
        logits = predict(reasoner.network, name, [example], photos, preparation)
        return reasoner.calibrations[name].probabilities(logits)[0]

    asked = reasoner.ask(photo, "what colour is [1] ?", boxes=BOXES)
    verified = reasoner.verify(photo, "it is red")
    pointed = reasoner.point(photo, "the red one", BOXES)
    chosen = reasoner.choose(photo, "what is [1] ?", ["it is red", "it is [0]"], boxes=BOXES)
    for answer, found in (
        (asked, predicted("questions", Question("0", "what colour is [1] ?", ("red",), BOXES))),
        (verified, predicted("statements", Statement("0", "it is red", "true"))),
        (pointed, predicted("references", Reference("0", "the red one", BOXES, BOXES[0]))),
        (chosen, predicted("answers", Choice("0", "what is [1] ?", ("it is red", "it is [0]"), 0, BOXES))),
    ):
        assert answer.probabilities == pytest.approx(found.tolist(), abs=1e-6)
        assert answer.choice == found.argmax()
        assert answer.confidence == pytest.approx(found.max(), abs=1e-6)
    assert asked.text == ["red", "yes", "no", "2"][asked.choice]
    assert verified.text in ("false", "true")
    assert pointed.box == pytest.approx(BOXES[pointed.choice])
    assert chosen.text == ["it is red", "it is [0]"][chosen.choice]


def test_an_answer_is_sure_from_the_threshold_on(reasoner, photo):
    confidence = reasoner.ask(photo, "what colour is it?").confidence
    for threshold, sure in ((confidence - 0.01, True), (confidence + 0.01, False)):
        reasoner.calibrations["questions"] = replace(reasoner.calibrations["questions"], threshold=threshold)
        assert reasoner.ask(photo, "what colour is it?").sure == sure


def test_calibrating_makes_confidence_what_validation_says(reasoner, examples, photos):
    found = reasoner.calibrate("questions", examples.questions, photos, precision=0.99)
    assert reasoner.calibrations["questions"] == found
    assert found.temperature > 1  # an untrained network is right less often than it says
    assert not reasoner.ask(photos_item(), "what colour is it?").sure


def photos_item() -> np.ndarray:
    return np.full((40, 30, 3), 200, np.uint8)


def test_without_boxes_windows_are_chosen_among(reasoner, photo):
    answer = reasoner.point(photo, "the red one")
    assert len(answer.probabilities) == 39
    assert answer.box == pytest.approx(window_boxes()[answer.choice])


def test_attention_is_told_for_each_cell(reasoner, photo):
    assert reasoner.ask(photo, "what colour is it?").attention is None
    attention = reasoner.ask(photo, "what colour is it?", attention=True).attention
    assert attention.shape == (2, 2)
    assert (attention >= 0).all()
    assert 0 < attention.sum() <= 1


def test_it_says_the_same_after_saving(reasoner, photo, tmp_path):
    reasoner.save(tmp_path / "kept")
    again = Reasoner.load(tmp_path / "kept")
    assert again.calibrations == reasoner.calibrations
    assert again.ask(photo, "what colour is it?") == reasoner.ask(photo, "what colour is it?")
    assert again.point(photo, "it", BOXES) == reasoner.point(photo, "it", BOXES)
    again.save(tmp_path / "kept")  # over itself


def test_damaged_and_foreign_folders_are_refused(reasoner, tmp_path):
    with pytest.raises(StorageError, match="no saved reasoner here"):
        Reasoner.load(tmp_path)
    folder = tmp_path / "kept"
    reasoner.save(folder)
    told = json.loads((folder / "reasoner.json").read_text())
    (folder / "reasoner.json").write_text(json.dumps({**told, "grid": "wide"}))
    with pytest.raises(StorageError, match="does not describe a reasoner"):
        Reasoner.load(folder).ask(photos_item(), "what?")
    (folder / "reasoner.json").write_text(json.dumps({**told, "photos": "seen otherwise"}))
    with pytest.raises(StorageError, match="as another version looked at them"):
        Reasoner.load(folder)
    (folder / "reasoner.json").write_text(json.dumps({**told, "format": 9}))
    with pytest.raises(StorageError, match="not of format 1"):
        Reasoner.load(folder)
    (folder / "reasoner.json").write_text(json.dumps(told))
    (folder / "weights.safetensors").write_bytes(b"torn")
    with pytest.raises(StorageError, match="damaged"):
        Reasoner.load(folder)
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(StorageError, match="left alone"):
        reasoner.save(folder)
    assert (folder / "diary.txt").exists()


@pytest.mark.parametrize("size", [(1, 1), (1, 400)])
def test_a_photo_of_hardly_any_pixels_is_looked_at(reasoner, size):
    answer = reasoner.ask(np.zeros((*size, 3), np.uint8), "what is it?")
    assert sum(answer.probabilities) == pytest.approx(1)


@pytest.mark.parametrize("question", ["что это?", "word " * 10_000])
def test_any_words_are_read(reasoner, photo, question):
    assert np.isfinite(reasoner.ask(photo, question).confidence)


def test_bad_input_is_told(reasoner, photo, tmp_path: Path):
    with pytest.raises(InputError, match="empty text"):
        reasoner.ask(photo, " ")
    with pytest.raises(InputError, match=r"gone\.jpg"):
        reasoner.ask(tmp_path / "gone.jpg", "what?")
    with pytest.raises(InputError, match="at least one to choose from"):
        reasoner.point(photo, "it", [])
    with pytest.raises(InputError, match="from 0 to 1"):
        reasoner.point(photo, "it", [(0, 0, 3, 4)])
    with pytest.raises(InputError, match="at least two to choose from, got 1"):
        reasoner.choose(photo, "what?", ["this"])
    with pytest.raises(InputError, match="points to box 4"):
        reasoner.choose(photo, "what is [4] ?", ["this", "that"], boxes=BOXES)
    with pytest.raises(UnknownNameError, match="MultipleChoice"):
        reasoner.choose(photo, "what?", ["this", "that"], reasons=True)
    with pytest.raises(UnknownNameError, match="Verification"):
        reasoner.verify(photo, "so", other=photo)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["this", None], "expected a string, got NoneType"),
        (["this", 5], "expected a string, got int"),
        (["this", " "], "empty text"),
        ("yes", "options: expected a list of texts to choose from, got the text 'yes'"),
    ],
)
def test_options_are_texts(reasoner, photo, options, told):
    with pytest.raises(InputError, match=told):
        reasoner.choose(photo, "what?", options)


@pytest.mark.parametrize("question", [None, 5])
def test_a_question_is_a_text(reasoner, photo, question):
    with pytest.raises(InputError, match=f"expected a string, got {type(question).__name__}"):
        reasoner.ask(photo, question)


def test_a_word_that_points_is_refused_by_a_model_without_pointers(preparation, photo):
    config = replace(CONFIG, pointing=False)
    torch.manual_seed(0)
    reasoner = Reasoner(
        ReasoningNetwork(config, {"questions": QuestionAnswering(config, ["red", "blue"])}), preparation
    )
    with pytest.raises(InputError, match="points: a word points to a region, and the model has no pointers"):
        reasoner.ask(photo, "what colour is [1] ?", boxes=BOXES)
    assert reasoner.ask(photo, "what colour is it?", boxes=BOXES).text in ("red", "blue")


@pytest.mark.parametrize("name", ["questions", "statements", "references", "answers"])
def test_no_examples_are_told(reasoner, photos, preparation, name):
    with pytest.raises(InputError, match="examples: expected at least one, got none"):
        reasoner.calibrate(name, [], photos)
    with pytest.raises(InputError, match="examples: expected at least one, got none"):
        predict(reasoner.network, name, [], photos, preparation)


def test_of_several_tasks_of_a_kind_one_has_to_be_named(preparation, photo):
    torch.manual_seed(0)
    network = ReasoningNetwork(CONFIG, {"a": Verification(CONFIG), "b": Verification(CONFIG, ["no", "yes"])})
    reasoner = Reasoner(network, preparation)
    with pytest.raises(InputError, match="a, b; name one"):
        reasoner.verify(photo, "so it is")
    assert reasoner.verify(photo, "so it is", task="b").text in ("no", "yes")
    with pytest.raises(UnknownNameError, match="'c'"):
        reasoner.verify(photo, "so it is", task="c")
