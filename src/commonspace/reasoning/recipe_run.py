"""From a recipe to a trained reasoner."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from commonspace.data.encoding import ViewCache
from commonspace.encoders.bert import Bert, BertConfig
from commonspace.encoders.minilm import weights_folder
from commonspace.errors import InputError

from .config import CoAttentionConfig
from .inputs import Preparation
from .network import ReasoningNetwork
from .photos import REGION, Photos
from .reasoner import Reasoner
from .recipe import Recipe, RecipeTask
from .streams import TaskData
from .tasks import TASKS, Task, answer_vocabulary
from .tokens import Tokenizer
from .training import Event, train_tasks

_logger = logging.getLogger("commonspace")


def train_recipe(
    recipe: Recipe, *, cache: ViewCache | None = None, checkpoint: Path | None = None, resume: bool = False
) -> tuple[Reasoner, list[Event]]:
    """Trains what a recipe tells, and calibrates it on the validation examples.

    Examples whose photo is missing or cannot be read are left out; how many is logged, and why the first.

    Args:
        recipe: The recipe.
        cache: Where feature maps of photos are kept.
        checkpoint: A file for the state of the training.
        resume: Go on from it, where there is one.

    Returns:
        The reasoner, and the scores on the way.

    Raises:
        InputError: If a task is left without examples, or a photo is both learnt from and measured by.
        TrainingError: If a loss is not finite.
        StorageError: If the checkpoint is of another training, or damaged.
    """
    config, preparation = recipe_config(recipe), Preparation(Tokenizer(recipe.most_tokens), recipe.grid)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.settings.seed)
        tasks = {name: _task(config, of) for name, of in recipe.tasks.items()}
        network = ReasoningNetwork(config, tasks)
    if recipe.begin_from is not None:
        network.begin_from(Reasoner.load(recipe.begin_from).network)
    elif recipe.pretrained_text:
        network.model.load_text(Bert.from_safetensors(weights_folder() / "model.safetensors"))
    photos = recipe_photos(recipe, tasks, cache=cache)
    data = {name: _readable_data(name, tasks[name], of.data, photos) for name, of in recipe.tasks.items()}
    events = train_tasks(network, data, photos, preparation, recipe.settings, checkpoint=checkpoint, resume=resume)
    reasoner = Reasoner(network, preparation)
    for name, of in data.items():
        if len(of.validation):
            reasoner.calibrate(name, of.validation, photos)
    return reasoner, events


def recipe_config(recipe: Recipe) -> CoAttentionConfig:
    """The sizes of the model of a recipe."""
    try:
        return CoAttentionConfig(
            text=BertConfig(layers=recipe.text_layers), region=REGION, **{"pointing": True, **recipe.model}
        )
    except TypeError as error:
        raise InputError(f"model: {error}.") from error


def recipe_photos(
    recipe: Recipe, tasks: Mapping[str, Task[Any]], *, cache: ViewCache | None = None, parts: Sequence[str] = ()
) -> Photos:
    """The photos of all examples of a recipe, or of some parts of them.

    Args:
        recipe: The recipe.
        tasks: Name -> task.
        cache: Where feature maps are kept.
        parts: "train", "validation", "test". Default: all.
    """
    files: dict[str, Path] = {}
    for name, of in recipe.tasks.items():
        for part in parts or ("train", "validation", "test"):
            known = of.files.get(part, {})
            for photo in dict.fromkeys(p for example in getattr(of.data, part) for p in tasks[name].photos(example)):
                file = known.get(photo, recipe.photos / photo)
                if files.setdefault(photo, file) != file:
                    raise InputError(
                        f"task {name}, {part}: photo {photo} is {file} here and {files[photo]} elsewhere; give "
                        "each its own name."
                    )
    return Photos(files, cache=cache)


def check_same_task(name: str, task: Task[Any], of: RecipeTask) -> None:
    """Refuses to measure a task by the examples of another one that has its name.

    Args:
        name: Of both.
        task: That of the model.
        of: That of the recipe.

    Raises:
        InputError: If they are of different kinds, or take different parameters.
    """
    own = task.description()
    told = {**of.parameters, **({"labels": tuple(of.parameters["labels"])} if "labels" in of.parameters else {})}
    if type(task) is not TASKS[of.kind] or any(own.get(name) != value for name, value in told.items()):
        kind = next((kind for kind, cls in TASKS.items() if type(task) is cls), type(task).__name__)
        raise InputError(
            f"task {name}: the recipe has {of.kind} with {told or 'no parameters'}, the model {kind} with {own}."
        )


def readable(name: str, task: Task[Any], examples: Sequence[Any], photos: Photos) -> list[Any]:
    """The examples all of whose photos there are; how many are left out is logged, and why the first.

    Args:
        name: Of the task.
        task: The task.
        examples: All of them.
        photos: Those that could be read.
    """
    lost = [photo for e in examples for photo in task.photos(e) if photo not in photos]
    kept = [e for e in examples if all(photo in photos for photo in task.photos(e))]
    if lost:
        number = len(examples) - len(kept)
        _logger.warning("task %s: %d examples are left out; the first: %s", name, number, photos.unreadable[lost[0]])
    return kept


def _readable_data(name: str, task: Task[Any], data: TaskData[Any], photos: Photos) -> TaskData[Any]:
    train = readable(name, task, data.train, photos)
    if not train:
        raise InputError(f"task {name}: no example is left to learn from; none of its photos could be read.")
    validation, test = (readable(name, task, part, photos) for part in (data.validation, data.test))
    if len(data.validation) and not validation:
        raise InputError(f"task {name}: no validation example is left; none of its photos could be read.")
    return replace(data, train=train, validation=validation, test=test)


def _task(config: CoAttentionConfig, of: RecipeTask) -> Task[Any]:
    parameters = dict(of.parameters)
    if of.kind == "question-answering":
        parameters["answers"] = answer_vocabulary(of.data.train, of.least)
    if "labels" in parameters:
        parameters["labels"] = tuple(parameters["labels"])
    elif of.kind == "verification":
        parameters["labels"] = tuple(sorted({e.label for e in of.data.train}))
    return TASKS[of.kind](config, **parameters)
