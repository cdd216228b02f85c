"""`commonspace reason` from a recipe to answers, on drawn scenes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from commonspace.cli.app import app
from commonspace.data.scenes import SIDE, generate_scenes
from commonspace.errors import CommonspaceError, InputError, ParameterError, StorageError
from commonspace.reasoning import Reasoner
from commonspace.reasoning.scene_examples import scene_boxes, scene_examples

RECIPE = """
photos = "photos"
grid = 2
most_tokens = 32
text_layers = 2

[model]
vision_width = 24
vision_layers = 1
vision_heads = 2
vision_inner = 24
connections = 1
width = 24
heads = 2

[training]
epochs = 1
round = 2
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of five tasks; one photo is missing."""
    root = tmp_path_factory.mktemp("reason")
    (root / "photos").mkdir()
    scenes, text = generate_scenes(20, seed=6), RECIPE
    for i, scene in enumerate(scenes[:-1]):
        Image.fromarray(scene.picture()).save(root / "photos" / f"{i}.png")
    examples = scene_examples(scenes, [f"{i}.png" for i in range(20)], 1, seed=2)
    kinds = {
        "questions": "question-answering",
        "statements": "verification",
        "references": "referring",
        "answers": "multiple-choice",
        "reasons": "multiple-choice",
    }
    for name, kind in kinds.items():
        every = getattr(examples, name)
        parts = {
            "train": [e for e in every if int(e.photo[:-4]) < 12],
            "validation": [e for e in every if 12 <= int(e.photo[:-4]) < 16],
            "test": [e for e in every if int(e.photo[:-4]) >= 16],
        }
        text += f'\n[tasks.{name}]\nkind = "{kind}"\nbatch_size = 6\n' + (
            "reasons = true\n" if name == "reasons" else ""
        )
        for part, of in parts.items():
            (root / f"{name}-{part}.jsonl").write_text("".join(json.dumps(asdict(e)) + "\n" for e in of))
            text += f'{part} = "{name}-{part}.jsonl"\n'
    (root / "recipe.toml").write_text(text)
    return root / "recipe.toml"


@pytest.fixture(scope="module")
def model(recipe: Path) -> Path:
    out = recipe.parent / "reasoner"
    run("reason", "train", recipe, "--out", out, "--picture", recipe.parent / "schedule.png")
    return out


def run(*arguments: object) -> str:
    """What a command prints; errors come out as exceptions."""
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False).stdout


def boxes_of_the_first_scene() -> str:
    scene = generate_scenes(20, seed=6)[0]
    return json.dumps([thing.box for thing in scene.things])


def test_training_writes_a_reasoner_and_draws_its_scores_and_leaves_no_state(recipe, model):
    assert {path.name for path in model.iterdir()} == {"reasoner.json", "weights.safetensors"}
    assert not (recipe.parent / "reasoner.ckpt").exists()
    with Image.open(recipe.parent / "schedule.png") as picture:
        assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    told = json.loads((model / "reasoner.json").read_text())
    assert [task["name"] for task in told["tasks"]] == ["questions", "statements", "references", "answers", "reasons"]
    assert told["tasks"][0]["calibration"] != {"temperature": 1.0, "threshold": 0.5}


def test_evaluating_tells_each_task_and_leaves_out_what_cannot_be_read(recipe, model):
    reports = json.loads(run("reason", "evaluate", recipe, "--model", model, "--json"))
    assert [r["task"] for r in reports] == ["questions", "statements", "references", "answers", "reasons"]
    assert reports[0]["examples"] == 3  # of 4 photos one is missing
    assert all(0 <= r["score"] <= 1 and 0 <= r["calibration_error"] <= 1 for r in reports)
    assert "questions: " in run("reason", "evaluate", recipe, "--model", model, "--split", "validation")


def test_answers_are_those_of_the_library(recipe, model, tmp_path):
    photo, reasoner = recipe.parent / "photos" / "0.png", Reasoner.load(model)
    scene = generate_scenes(20, seed=6)[0]
    asked = json.loads(
        run("reason", "ask", photo, "what colour is it?", "--model", model, "--json", "--picture", tmp_path / "a.svg")
    )
    answer = reasoner.ask(photo, "what colour is it?")
    assert (asked["text"], asked["sure"]) == (answer.text, answer.sure)
    assert asked["confidence"] == pytest.approx(answer.confidence)
    assert (tmp_path / "a.svg").stat().st_size > 1000
    verified = json.loads(run("reason", "verify", photo, "there is a circle", "--model", model, "--json"))
    assert verified["text"] == reasoner.verify(photo, "there is a circle").text
    pointed = json.loads(
        run("reason", "point", photo, "the circle", "--boxes", boxes_of_the_first_scene(), "--model", model, "--json")
    )
    assert pointed["choice"] == reasoner.point(photo, "the circle", scene_boxes(scene)).choice
    assert pointed["box"] == pytest.approx([v / SIDE for v in scene.things[pointed["choice"]].box])
    windows = run("reason", "point", photo, "the circle", "--model", model, "--picture", tmp_path / "b.png")
    assert "confidence" in windows
    assert (tmp_path / "b.png").stat().st_size > 1000


def test_a_choice_comes_with_its_reason(recipe, model):
    photo = recipe.parent / "photos" / "0.png"
    options = ("--option", "it is red", "--option", "it is blue")
    reasons = ("--rationale", "[0] is red", "--rationale", "[1] is blue")
    call = ("reason", "choose", photo, "what colour is [0] ?", *options, *reasons)
    found = json.loads(run(*call, "--boxes", boxes_of_the_first_scene(), "--model", model, "--json"))
    boxes, reasoner = scene_boxes(generate_scenes(20, seed=6)[0]), Reasoner.load(model)
    answer = reasoner.choose(photo, "what colour is [0] ?", ["it is red", "it is blue"], boxes=boxes)
    assert found["answer"]["text"] == answer.text
    why = reasoner.choose(
        photo, f"what colour is [0] ? {answer.text}", ["[0] is red", "[1] is blue"], boxes=boxes, reasons=True
    )
    assert found["rationale"]["text"] == why.text
    assert "because: " in run(*call, "--boxes", boxes_of_the_first_scene(), "--model", model)


def test_a_stopped_training_is_not_begun_anew_unasked(recipe):
    state = recipe.parent / "other.ckpt"
    state.write_bytes(b"state")
    with pytest.raises(StorageError, match="go on with --resume"):
        run("reason", "train", recipe, "--out", recipe.parent / "other")
    with pytest.raises(StorageError, match="cannot be read as a checkpoint"):
        run("reason", "train", recipe, "--out", recipe.parent / "other", "--resume")
    state.unlink()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("epochs = 1", 'epochs = "many"'), "training.epochs: expected something like 10, got 'many'"),
        (("epochs = 1", "epoch = 1"), "unknown field training.epoch"),
        (("vision_width = 24", "vision_breadth = 24"), "unknown field model.vision_breadth"),
        (('kind = "referring"', 'kind = "refering"'), "did you mean 'referring'"),
        (("reasons = true", "labels = 3"), "unknown field tasks.reasons.labels"),
        (("photos = ", "photo = "), "unknown field photo"),
        (("grid = 2", "grid = ["), "expected TOML"),
        (("grid = 2", 'grid = "2"'), "grid: expected something like 7, got '2'"),
        (("batch_size = 6", 'batch_size = "6"'), "tasks.questions.batch_size: expected something like 64, got '6'"),
        (("reasons = true", 'reasons = "no"'), "tasks.reasons.reasons: expected something like False, got 'no'"),
        (("round = 2", "seed = -1"), "seed of 0 or more"),
        (('train = "questions-train.jsonl"\n', ""), "tasks.questions: expected kind, train and validation"),
    ],
)
def test_a_wrong_recipe_is_told_by_its_field(recipe, change, told):
    wrong = recipe.with_name("wrong.toml")
    wrong.write_text(recipe.read_text().replace(*change))
    with pytest.raises(CommonspaceError, match=told):
        run("reason", "train", wrong, "--out", recipe.parent / "wrong")


def test_tasks_that_are_not_those_of_the_model_are_not_measured(recipe, model):
    other = recipe.with_name("other.toml")
    other.write_text(recipe.read_text().replace("reasons = true\n", ""))
    text = other.read_text().replace("[tasks.reasons]", "[tasks.swap]").replace("[tasks.answers]", "[tasks.reasons]")
    other.write_text(text.replace("[tasks.swap]", "[tasks.answers]\nreasons = true"))
    with pytest.raises(InputError, match=r"task answers: the recipe has multiple-choice with .*True.*, the model"):
        run("reason", "evaluate", other, "--model", model)


def test_a_folder_of_something_else_and_a_wrong_ending_are_told_before_the_work(recipe, model, tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(StorageError, match="left alone"):
        run("reason", "train", recipe, "--out", tmp_path)
    with pytest.raises(InputError, match="gif"):
        run("reason", "ask", recipe.parent / "gone.png", "what?", "--model", model, "--picture", tmp_path / "a.gif")


def test_bad_options_are_told(recipe, model):
    photo = recipe.parent / "photos" / "0.png"
    with pytest.raises(ParameterError, match="--split"):
        run("reason", "evaluate", recipe, "--model", model, "--split", "dev")
    with pytest.raises(InputError, match="--boxes: expected JSON"):
        run("reason", "point", photo, "it", "--boxes", "everywhere", "--model", model)
    for boxes in ("[[0, 0, 500, 500]]", f"[[0, 0, 1{'0' * 400}, 9]]", "[[true, 0, 1, 1]]", "[1]"):
        with pytest.raises(InputError, match="pixels of a photo of 128 x 128"):
            run("reason", "point", photo, "it", "--boxes", boxes, "--model", model)
    with pytest.raises(StorageError, match="no saved reasoner"):
        run("reason", "ask", photo, "what?", "--model", recipe.parent)
