"""A few drawn scenes, looked at once, and a small network."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from commonspace.data.scenes import Scene, generate_scenes
from commonspace.reasoning.inputs import Preparation
from commonspace.reasoning.network import ReasoningNetwork
from commonspace.reasoning.photos import Photos
from commonspace.reasoning.scene_examples import SceneExamples, scene_examples
from commonspace.reasoning.tasks import MultipleChoice, QuestionAnswering, Referring, Task, Verification
from commonspace.reasoning.tokens import Tokenizer
from tests.reasoning.small import CONFIG

SCENES = 24


@pytest.fixture(scope="session")
def scenes() -> list[Scene]:
    return generate_scenes(SCENES, seed=3)


@pytest.fixture(scope="session")
def photos(scenes: list[Scene]) -> Photos:
    """Of the scenes, by their number."""
    return Photos({str(i): scene.picture() for i, scene in enumerate(scenes)})


@pytest.fixture(scope="session")
def examples(scenes: list[Scene]) -> SceneExamples:
    return scene_examples(scenes, [str(i) for i in range(len(scenes))], 2, seed=1)


@pytest.fixture
def preparation() -> Preparation:
    return Preparation(Tokenizer(40), grid=2)


@pytest.fixture
def network() -> ReasoningNetwork:
    """Of four tasks, untrained."""
    torch.manual_seed(0)
    tasks: dict[str, Task[Any]] = {
        "questions": QuestionAnswering(CONFIG, ["red", "yes", "no", "2"]),
        "statements": Verification(CONFIG),
        "references": Referring(CONFIG),
        "answers": MultipleChoice(CONFIG),
    }
    return ReasoningNetwork(CONFIG, tasks)
