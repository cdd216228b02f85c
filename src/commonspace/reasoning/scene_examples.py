"""Drawn scenes as examples of every task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from commonspace.data.scene_questions import ask, choose, refer, state
from commonspace.data.scenes import SIDE, Scene

from .inputs import Box
from .tasks import Choice, Question, Reference, Statement


@dataclass(frozen=True)
class SceneExamples:
    """Examples of scenes, whose boxes they all come with.

    Attributes:
        questions: With one answer each.
        statements: "true" or "false".
        references: With all boxes of the scene to choose among.
        answers: Of four, to a question.
        reasons: Of four, of the right answer to the question of the same number.
    """

    questions: list[Question] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    answers: list[Choice] = field(default_factory=list)
    reasons: list[Choice] = field(default_factory=list)


def scene_examples(scenes: Sequence[Scene], names: Sequence[str], each: int = 1, *, seed: int = 0) -> SceneExamples:
    """What can be asked of scenes.

    Args:
        scenes: The scenes.
        names: One for each, by which its picture goes.
        each: Examples of each task of each scene; of choices fewer, where nothing stands alone beside another thing.
        seed: Of what is asked.
    """
    found = SceneExamples()
    for i, (scene, photo) in enumerate(zip(scenes, names, strict=True)):
        rng = np.random.default_rng((seed, i, 13))
        boxes = scene_boxes(scene)
        for _ in range(each):
            question, statement, reference = ask(scene, rng), state(scene, rng), refer(scene, rng)
            found.questions.append(Question(photo, question.text, (question.answer,), boxes))
            found.statements.append(Statement(photo, statement.text, str(statement.true).lower(), boxes=boxes))
            found.references.append(Reference(photo, reference.phrase, boxes, boxes[reference.thing]))
            choice = choose(scene, rng)
            if choice is not None:
                answered = f"{choice.question} {choice.answers[choice.answer]}"
                found.answers.append(Choice(photo, choice.question, choice.answers, choice.answer, boxes))
                found.reasons.append(Choice(photo, answered, choice.rationales, choice.rationale, boxes))
    return found


def scene_boxes(scene: Scene) -> tuple[Box, ...]:
    """The boxes of its things, as shares of the picture."""
    boxes = [tuple(value / SIDE for value in thing.box) for thing in scene.things]
    return tuple((left, top, right, bottom) for left, top, right, bottom in boxes)
