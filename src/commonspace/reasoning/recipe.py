"""A training told in a file: photos, tasks, sizes and settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from commonspace.errors import InputError, StorageError, UnknownNameError

from .config import CoAttentionConfig
from .example_files import read_examples
from .layouts import read_layout
from .streams import TaskData
from .tasks import TASKS
from .training import MultiTaskSettings

_TOP = ("photos", "grid", "most_tokens", "text_layers", "pretrained_text", "begin_from", "model", "training", "tasks")
_PLAIN: dict[str, Any] = {"grid": 7, "most_tokens": 64, "text_layers": 6, "pretrained_text": True}
_TASK_PLAIN: dict[str, Any] = {
    "batch_size": 64,
    "learning_rate": 1e-4,
    "two_photos": False,
    "reasons": False,
    "least": 1,
}
_TASK = (
    "kind",
    "train",
    "validation",
    "test",
    "batch_size",
    "learning_rate",
)
_OF_KIND = {"verification": ("labels", "two_photos"), "multiple-choice": ("reasons",), "question-answering": ("least",)}


@dataclass(frozen=True)
class RecipeTask:
    """One task of a recipe.

    Attributes:
        kind: One of `TASKS`.
        data: Its examples.
        parameters: What the task takes besides.
        least: Questions of the training set that an answer has to be given to, to be in the vocabulary.
        files: Part -> name of a photo -> file, of those that are not in the folder of the recipe.
    """

    kind: str
    data: TaskData[Any]
    parameters: Mapping[str, Any]
    least: int
    files: Mapping[str, Mapping[str, Path]]


@dataclass(frozen=True)
class Recipe:
    """What is trained, and how.

    Attributes:
        photos: The folder of the photos; examples name files in it.
        tasks: Name -> task.
        model: Sizes that are not the default.
        settings: Of the training.
        grid: Cells of the grid over a photo, in each direction.
        most_tokens: Of a text.
        text_layers: Of the text stream.
        pretrained_text: Whether the text stream begins with MiniLM's weights.
        begin_from: A saved reasoner of the same sizes to begin from, such as one that was pretrained.
    """

    photos: Path
    tasks: Mapping[str, RecipeTask]
    model: Mapping[str, Any]
    settings: MultiTaskSettings
    grid: int = 7
    most_tokens: int = 64
    text_layers: int = 6
    pretrained_text: bool = True
    begin_from: Path | None = None


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe.

    Paths in it are taken from where it lies. An example:

    ```toml
    photos = "photos"

    [training]
    epochs = 10

    [tasks.questions]
    kind = "question-answering"
    train = "questions-train.jsonl"
    validation = "questions-validation.jsonl"
    test = "questions-test.jsonl"
    ```

    In place of a file of JSON lines there may be one of the published `LAYOUTS`, such as
    `train = {layout = "nlvr2", path = "train.json", photos = "images/train"}`.

    Args:
        path: A TOML file.

    Raises:
        StorageError: If it, or a file of examples, cannot be read.
        InputError: If it is no recipe; the message names the field.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected TOML ({error}).") from error
    _check_names(path, "", found, _TOP)
    if not isinstance(found.get("photos"), str) or not isinstance(found.get("tasks"), dict) or not found["tasks"]:
        raise InputError(f"{path}: expected photos, a folder, and tables [tasks.NAME], at least one.")
    defaults = {f.name: getattr(MultiTaskSettings(), f.name) for f in fields(MultiTaskSettings)}
    settings = _values(path, "training.", found.get("training", {}), defaults)
    model = found.get("model", {})
    if not isinstance(model, dict):
        raise InputError(f"{path}: model: expected a table.")
    own = {f.name: f.default for f in fields(CoAttentionConfig) if f.name not in ("text", "region", "tasks")}
    model = _values(path, "model.", model, own)
    rest = _values(path, "", {name: found[name] for name in _PLAIN if name in found}, _PLAIN)
    if "begin_from" in found:
        rest["begin_from"] = path.parent / str(found["begin_from"])
    tasks = {name: _task(path, name, of) for name, of in found["tasks"].items()}
    return Recipe(path.parent / found["photos"], tasks, model, MultiTaskSettings(**settings), **rest)


def _task(path: Path, name: str, of: Any) -> RecipeTask:
    where = f"tasks.{name}."
    if not isinstance(of, dict) or not {"kind", "train", "validation"} <= of.keys():
        raise InputError(f"{path}: tasks.{name}: expected kind, train and validation.")
    if of["kind"] not in TASKS:
        raise UnknownNameError("kind of task", str(of["kind"]), TASKS)
    _check_names(path, where, of, (*_TASK, *_OF_KIND.get(of["kind"], ())))
    labels = of.get("labels", ["true"])
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise InputError(f"{path}: {where}labels: expected a list of texts, got {labels!r}.")
    parts, files = dict[str, Any](), dict[str, Mapping[str, Path]]()
    for part in ("train", "validation", "test"):
        told = of.get(part)
        if isinstance(told, dict):
            read = read_layout(told, of["kind"], path.parent, f"{path}: {where}{part}")
            parts[part], files[part] = read.examples, read.photos
        elif told is not None:
            parts[part] = read_examples(path.parent / str(told), of["kind"])
    plain = _values(path, where, {n: of[n] for n in _TASK_PLAIN if n in of}, _TASK_PLAIN)
    numbers = {n: plain[n] for n in ("batch_size", "learning_rate") if n in plain}
    parameters: dict[str, Any] = {n: plain[n] for n in ("two_photos", "reasons") if n in plain}
    if "labels" in of:
        parameters["labels"] = labels
    return RecipeTask(of["kind"], TaskData(**parts, **numbers), parameters, plain.get("least", 1), files)


def _values(path: Path, where: str, of: Any, like: Mapping[str, Any]) -> dict[str, Any]:
    """A table whose values are like the defaults of their fields; a whole number may stand for a fraction."""
    if not isinstance(of, dict):
        raise InputError(f"{path}: {where.rstrip('.')}: expected a table.")
    _check_names(path, where, of, like)
    for field, value in of.items():
        default = like[field]
        fits = type(value) is type(default) or (isinstance(default, float) and type(value) is int)
        if not fits:
            raise InputError(f"{path}: {where}{field}: expected something like {default!r}, got {value!r}.")
    return dict(of)


def _check_names(path: Path, where: str, found: Mapping[str, Any], known: Any) -> None:
    for name in found:
        if name not in known:
            raise InputError(f"{path}: unknown field {where}{name}; expected {', '.join(known)}.")
