"""Recipes: layouts, beginnings, and photos of several folders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from commonspace.errors import InputError, UnknownNameError
from commonspace.reasoning.recipe import read_recipe
from commonspace.reasoning.recipe_run import recipe_config, recipe_photos, train_recipe
from commonspace.reasoning.tasks import TASKS, Statement

HEAD = """
photos = "photos"
grid = 2
text_layers = 2
training = { epochs = 1 }

[model]
vision_width = 8
vision_layers = 1
vision_heads = 2
vision_inner = 8
connections = 1
width = 8
heads = 2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos, sentences about pairs of them as NLVR2 has them, and captions."""
    rng = np.random.default_rng(0)
    for place in ("photos", "pairs"):
        (tmp_path / place).mkdir()
    for i in range(4):
        for of in range(2):
            pixels = rng.integers(0, 255, (20, 20, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pairs" / f"train-{i}-0-img{of}.png")
    for i in range(6):
        Image.new("RGB", (20, 20), (i * 40, 20, 90)).save(tmp_path / "photos" / f"{i}.png")
    for name, which in (("train", [0, 1, 2]), ("dev", [3])):
        lines = [
            {"identifier": f"train-{i}-0-1", "sentence": f"both are dark {i}", "label": str(bool(i % 2))} for i in which
        ]
        (tmp_path / f"{name}.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name, which in (("learn", [0, 1, 2, 3]), ("held", [4, 5])):
        captions = [{"photo": f"{i}.png", "text": f"a plain picture {i}"} for i in which]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(c) + "\n" for c in captions))
    return tmp_path


def recipe(folder: Path, text: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(HEAD + text)
    return path


TWO = """
[tasks.two]
kind = "verification"
two_photos = true
train = { layout = "nlvr2", path = "train.json", photos = "pairs" }
validation = { layout = "nlvr2", path = "dev.json", photos = "pairs" }
"""
CAPTIONS = """
[tasks.captions]
kind = "pretraining"
train = "learn.jsonl"
validation = "held.jsonl"
"""


def test_examples_and_photos_come_from_a_published_layout_beside_one_s_own(folder):
    read = read_recipe(recipe(folder, TWO + CAPTIONS))
    assert read.tasks["two"].data.train[1] == Statement(
        "train-1-0-img0.png", "both are dark 1", "true", "train-1-0-img1.png"
    )
    config = recipe_config(read)
    tasks = {"two": TASKS["verification"](config, two_photos=True), "captions": TASKS["pretraining"](config)}
    assert len(recipe_photos(read, tasks)) == 8 + 6
    assert len(recipe_photos(read, tasks, parts=["validation"])) == 2 + 2


def test_a_training_begins_from_a_pretrained_reasoner(folder):
    pretrained, _ = train_recipe(read_recipe(recipe(folder, CAPTIONS)))
    pretrained.save(folder / "pretrained")
    barely = 'begin_from = "pretrained"\n' + HEAD.replace("epochs = 1", "epochs = 1, head_learning_rate = 1e-12") + TWO
    (folder / "recipe.toml").write_text(barely + "learning_rate = 1e-12\n")
    reasoner, _ = train_recipe(read_recipe(folder / "recipe.toml"))
    for name in ("regions.features.weight", "text_layers.1.inner.weight"):
        found, begun = (r.network.model.state_dict()[name] for r in (reasoner, pretrained))
        torch.testing.assert_close(found, begun, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        (('layout = "nlvr2", path = "t', 'layout = "nlvr", path = "t'), UnknownNameError, "did you mean 'nlvr2'"),
        (('layout = "nlvr2", path = "t', 'layout = "refcoco", path = "t'), InputError, "of the kind referring"),
        (('path = "train.json", ', ""), InputError, "tasks.two.train: expected path, photos beside layout"),
        (('photos = "pairs" }', 'photos = "pairs", split = "a" }'), InputError, "got path, photos, split"),
    ],
)
def test_a_wrong_layout_is_told_by_its_field(folder, change, error, told):
    with pytest.raises(error, match=told):
        read_recipe(recipe(folder, TWO.replace(*change)))


def test_one_name_for_two_photos_of_one_task_is_refused(folder):
    (folder / "more").mkdir()
    for of in range(2):
        Image.new("RGB", (20, 20), (9, 9, 9 * of)).save(folder / "more" / f"train-2-0-img{of}.png")
    (folder / "dev.json").write_text('{"identifier": "train-2-0-1", "sentence": "both are dark", "label": "True"}\n')
    text = TWO.replace('"dev.json", photos = "pairs"', '"dev.json", photos = "more"')
    with pytest.raises(InputError, match=r"task two, validation: photo train-2-0-img0\.png"):
        train_recipe(read_recipe(recipe(folder, text)))


def test_one_name_for_two_photos_is_refused(folder):
    Image.new("RGB", (20, 20)).save(folder / "photos" / "train-0-0-img0.png")
    (folder / "learn.jsonl").write_text('{"photo": "train-0-0-img0.png", "text": "a plain picture"}\n')
    with pytest.raises(InputError, match=r"photo train-0-0-img0\.png is .* here and .* elsewhere"):
        train_recipe(read_recipe(recipe(folder, TWO + CAPTIONS)))
