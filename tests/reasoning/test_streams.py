"""Batches that follow from their number, and photos that are never both learnt from and measured by."""

from __future__ import annotations

from typing import Any

import pytest

from commonspace.data.scenes import generate_scenes
from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.reasoning.photos import Photos
from commonspace.reasoning.streams import TaskData, check_apart, clean
from commonspace.reasoning.tasks import Question, QuestionAnswering, Statement, Verification
from tests.reasoning.small import CONFIG


@pytest.fixture
def tasks():
    return {"questions": QuestionAnswering(CONFIG, ["a"]), "statements": Verification(CONFIG)}


def question(photo: int) -> Question:
    return Question(str(photo), "what?", ("a",))


def statement(photo: int, other: int | None = None) -> Statement:
    return Statement(str(photo), "so it is", "true", None if other is None else str(other))


def test_an_epoch_has_every_example_once_and_the_next_another_order():
    data = TaskData([question(i) for i in range(12)], [], batch_size=4)
    epochs = [[e.photo for k in range(3) for e in data.batch(3 * epoch + k, (7,))] for epoch in range(2)]
    assert sorted(epochs[0], key=int) == sorted(epochs[1], key=int) == [str(i) for i in range(12)]
    assert epochs[0] != epochs[1]


def test_a_batch_follows_from_its_number_and_the_seed_alone():
    data = TaskData([question(i) for i in range(10)], [], batch_size=4)
    assert data.batches == 2
    assert data.batch(5, (1, 0)) == data.batch(5, (1, 0))
    assert data.batch(5, (1, 0)) != data.batch(5, (1, 1))


def test_a_photo_of_another_task_s_test_examples_is_not_learnt_from(tasks, photos):
    data: dict[str, TaskData[Any]] = {
        "questions": TaskData([question(0), question(1)], [question(2)]),
        "statements": TaskData([statement(3)], [statement(4)], [statement(5, other=1)]),
    }
    with pytest.raises(InputError, match="task questions: photo 1 is learnt from"):
        check_apart(data, tasks, photos)
    left, taken = clean(data, tasks, photos)
    assert taken == {"questions": 1, "statements": 0}
    assert [e.photo for e in left["questions"].train] == ["0"]
    check_apart(left, tasks, photos)


def test_a_task_that_would_be_left_without_examples_and_unknown_photos_are_told(tasks, photos):
    data: dict[str, TaskData[Any]] = {"questions": TaskData([question(0)], [question(0)])}
    with pytest.raises(InputError, match="task questions: all its 1 examples"):
        clean(data, tasks, photos)
    with pytest.raises(UnknownNameError, match="photo '99'"):
        check_apart({"questions": TaskData([question(99)], [])}, tasks, photos)


def test_a_photo_is_known_again_under_another_name(tasks):
    scene = generate_scenes(1, seed=9)[0].picture()
    photos = Photos({"0": scene, "1": scene.copy()})
    data = {"questions": TaskData([question(0)], [question(1)])}
    with pytest.raises(InputError, match="photo 0 is learnt from"):
        check_apart(data, tasks, photos)


@pytest.mark.parametrize("wrong", [{"train": []}, {"batch_size": 0}, {"learning_rate": 0.0}])
def test_bad_data_is_refused(wrong):
    with pytest.raises(ParameterError, match="expected examples to learn from"):
        TaskData(**{"train": [question(0)], "validation": [], **wrong})
