"""`commonspace reason`: train a model on questions about photos, and ask it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs

from .arguments import AsJson, Out, json_or_text, show

if TYPE_CHECKING:
    from commonspace.reasoning import Answer, HubReasoner, Reasoner
    from commonspace.reasoning.inputs import Box

reason = typer.Typer(
    help="Train a model on questions about photos, and ask it.", no_args_is_help=True, rich_markup_mode=None
)

RecipeFile = Annotated[Path, typer.Argument(help="A recipe in TOML: photos, tasks and their examples.", readable=False)]
Folder = Annotated[Path, typer.Option("--model", help="A folder that reason train wrote.", readable=False)]
Model = Annotated[
    str, typer.Option(help="A folder that reason train wrote, or hf:NAME, a model of the Hugging Face hub.")
]
Photo = Annotated[Path, typer.Argument(help="A photo.", readable=False)]
TaskName = Annotated[str | None, typer.Option("--task", help="The task, where the model has several of this kind.")]
Boxes = Annotated[
    str | None, typer.Option(help="Boxes in pixels, as JSON: [[left, top, right, bottom], ...]; [1] is the second.")
]
Looked = Annotated[
    Path | None, typer.Option("--picture", help="Draw what the words looked at, as SVG, PNG or PDF.", readable=False)
]


@reason.command()
def train(
    recipe: RecipeFile,
    out: Out,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="Draw the scores on the way, as SVG, PNG or PDF.", readable=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train one model on the tasks of a recipe.

    Its state is kept beside the folder that is written, as NAME.ckpt, until it is done.

    Example: commonspace reason train recipe.toml --out runs/reasoner
    """
    from commonspace.encoders.view_cache import DiskViewCache
    from commonspace.reasoning.persistence import check_folder
    from commonspace.reasoning.recipe import read_recipe
    from commonspace.reasoning.recipe_run import train_recipe

    _check_drawing(picture)
    check_folder(out)
    checkpoint = out.with_name(out.name + ".ckpt")
    if checkpoint.exists() and not resume:
        raise cs.errors.StorageError(
            f"{checkpoint} is there, of a training that was stopped: go on with --resume, or delete it to begin anew."
        )
    reasoner, events = train_recipe(read_recipe(recipe), cache=DiskViewCache(), checkpoint=checkpoint, resume=resume)
    reasoner.save(out)
    checkpoint.unlink(missing_ok=True)
    if picture:
        from commonspace.reasoning.schedule_plot import plot_schedule

        plot_schedule(events, picture)
    last = {event.task: event for event in events}
    told = "\n".join(f"{name}: {event.score:.3f} on validation" for name, event in last.items())
    show([asdict(event) for event in events], told, as_json)


@reason.command()
def evaluate(
    recipe: RecipeFile,
    model: Folder,
    split: Annotated[str, typer.Option(help='"test", "validation" or "train".')] = "test",
    as_json: AsJson = False,
) -> None:
    """Tell how good a model is at the tasks of a recipe.

    Example: commonspace reason evaluate recipe.toml --model runs/reasoner
    """
    from commonspace.encoders.view_cache import DiskViewCache
    from commonspace.reasoning import Reasoner
    from commonspace.reasoning.recipe import read_recipe
    from commonspace.reasoning.recipe_run import check_same_task, readable, recipe_photos
    from commonspace.reasoning.report import report_task

    if split not in ("train", "validation", "test"):
        raise cs.errors.ParameterError(f"--split: expected test, validation or train, got {split!r}.")
    reasoner, told = Reasoner.load(model), read_recipe(recipe)
    tasks = {name: reasoner.network.task(name) for name in told.tasks}
    photos = recipe_photos(told, tasks, cache=DiskViewCache(), parts=[split])
    reports = []
    for name, of in told.tasks.items():
        check_same_task(name, tasks[name], of)
        examples = readable(name, tasks[name], getattr(of.data, split), photos)
        if examples:
            reports.append(report_task(reasoner, name, examples, photos))
    if not reports:
        raise cs.errors.InputError(f"{recipe}: no task has {split} examples.")
    show([asdict(report) for report in reports], "\n".join(map(str, reports)), as_json)


@reason.command()
def ask(
    photo: Photo,
    question: Annotated[str, typer.Argument(help="Words.")],
    model: Model,
    boxes: Boxes = None,
    task: TaskName = None,
    picture: Looked = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question about a photo.

    Example: commonspace reason ask photo.jpg "what colour is the car?" --model runs/reasoner
    """
    _check_drawing(picture)
    known = () if boxes is None else _boxes(boxes, photo)
    answer = load_reasoner(model).ask(photo, question, boxes=known, task=task, attention=picture is not None)
    _tell(answer, as_json, photo, picture)


@reason.command()
def verify(
    photo: Photo,
    sentence: Annotated[str, typer.Argument(help="Words.")],
    model: Model,
    other: Annotated[
        Path | None, typer.Option(help="A second photo, for a sentence about two.", readable=False)
    ] = None,
    boxes: Boxes = None,
    task: TaskName = None,
    picture: Looked = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a sentence is true of a photo.

    Example: commonspace reason verify photo.jpg "two people are outdoors" --model runs/reasoner
    """
    _check_drawing(picture)
    known = () if boxes is None else _boxes(boxes, photo)
    answer = load_reasoner(model).verify(
        photo, sentence, other=other, boxes=known, task=task, attention=picture is not None
    )
    _tell(answer, as_json, photo, picture)


@reason.command()
def point(
    photo: Photo,
    phrase: Annotated[str, typer.Argument(help="Words.")],
    model: Model,
    boxes: Boxes = None,
    task: TaskName = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw the box, as SVG, PNG or PDF.", readable=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose the box that a phrase refers to; without boxes, among windows of the photo.

    Example: commonspace reason point photo.jpg "the dog on the left" --model runs/reasoner
    """
    _check_drawing(picture)
    candidates = None if boxes is None else _boxes(boxes, photo)
    _tell(load_reasoner(model).point(photo, phrase, candidates, task=task), as_json, photo, picture)


@reason.command()
def choose(
    photo: Photo,
    question: Annotated[str, typer.Argument(help="Words; [1] points to the second of the boxes.")],
    model: Model,
    option: Annotated[list[str], typer.Option(help="An answer to choose from. At least two.")],
    rationale: Annotated[
        list[str] | None, typer.Option(help="A reason of the answer to choose from. None, or at least two.")
    ] = None,
    boxes: Boxes = None,
    task: TaskName = None,
    reasons: Annotated[
        str | None, typer.Option("--reasons", help="The task for --rationale, where the model has several.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose an answer, and then its reason.

    Example: commonspace reason choose photo.jpg "why is she laughing?" --option "she is happy" --option "she is sad" \
--model runs/reasoner
    """
    reasoner, known = load_reasoner(model), () if boxes is None else _boxes(boxes, photo)
    answer = reasoner.choose(photo, question, option, boxes=known, task=task)
    found = {"answer": _facts(answer)}
    lines = [_line(answer)]
    if rationale:
        why = reasoner.choose(photo, f"{question} {answer.text}", rationale, boxes=known, reasons=True, task=reasons)
        found["rationale"] = _facts(why)
        lines.append(f"because: {_line(why)}")
    show(found, "\n".join(lines), as_json)


def load_reasoner(model: str) -> Reasoner | HubReasoner:
    """A model by its folder, or by hf: and its name on the hub."""
    from commonspace.encoders.registry import HUB
    from commonspace.reasoning import HubReasoner, Reasoner

    return HubReasoner(model) if model.startswith(HUB) else Reasoner.load(model)


def _boxes(text: str, photo: Path) -> list[Box]:
    """Boxes in pixels as shares of the photo."""
    from commonspace.encoders.pictures import open_picture

    boxes = json_or_text(text)
    width, height = open_picture(photo).size
    limits = (width, height, width, height)
    if not isinstance(boxes, list) or not all(_is_box(box, limits) for box in boxes):
        raise cs.errors.InputError(
            f"--boxes: expected JSON such as [[0, 0, 40, 30]], left, top, right, bottom in pixels of a photo of "
            f"{width} x {height}, got {text:.80}."
        )
    return [(left / width, top / height, right / width, bottom / height) for left, top, right, bottom in boxes]


def _is_box(box: Any, limits: tuple[int, int, int, int]) -> bool:
    numbers = isinstance(box, list) and len(box) == 4 and all(type(v) in (int, float) for v in box)
    return numbers and all(0 <= v <= most for v, most in zip(box, limits, strict=True))


def _tell(answer: Answer, as_json: bool, photo: Path, picture: Path | None) -> None:
    show(_facts(answer), _line(answer), as_json)
    if picture:
        from commonspace.reasoning.answer_plot import plot_answer

        plot_answer(answer, photo, picture)


def _check_drawing(picture: Path | None) -> None:
    """Before the work: whether a picture of that ending can be drawn."""
    from commonspace.files import drawing_kind

    if picture:
        drawing_kind(picture)


def _facts(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in asdict(answer).items() if name != "attention"}


def _line(answer: Answer) -> str:
    return f"{answer.text}  (confidence {answer.confidence:.2f}{'' if answer.sure else ', not sure'})"
