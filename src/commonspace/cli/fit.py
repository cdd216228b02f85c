"""`commonspace fit`: learn a space."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs

from .arguments import AsJson, Data, Option, Out, Protocol, Root, part, read_data, show, unfitted

if TYPE_CHECKING:
    from commonspace.data import Dataset
    from commonspace.spaces import Space


def fit(
    data: Data,
    space: Annotated[str, typer.Option(help="The method; see: commonspace spaces.")],
    out: Out,
    split: Annotated[
        str | None, typer.Option(help='The split to learn from; "all" for everything. Default: train.')
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE: a parameter of the method.")] = None,
    validation: Annotated[
        str | None,
        typer.Option(
            help="The split that chooses the best epoch of a deep space. Default: a part of what it learns from."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a deep space whose training was stopped on its way to --out.")
    ] = False,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Learn a space from the training split and save it.

    Example: commonspace fit encoded/emoji --space cca --set n_components=64 --out runs/cca

    A deep space writes its state into --out after each epoch; the same command with --resume goes on from there.
    """
    from commonspace.spaces.persistence import check_folder

    learning = unfitted(space, setting)
    check_folder(out)
    items = read_data(data, root, protocol, option=option)
    train = part(items, split, default="train")
    held = None if validation is None else items.split(validation)
    deep = _training(learning, out, held, resume)
    views = train.views
    started = time.perf_counter()
    fitted = learning.fit(views, train.labels, time=train.time if learning.tags.uses_time else None, **deep)
    seconds = time.perf_counter() - started
    summary = {"dataset": train.name, "protocol": train.protocol, "split": train.part or "all", "items": len(train)}
    fitted.save(out, training={**summary, "fit_seconds": seconds})
    dims = fitted.n_components_
    show(
        {
            "out": str(out),
            "space": type(learning).__name__,
            "items": len(train),
            "n_components": dims,
            "fit_seconds": seconds,
        },
        f"{type(learning).__name__} of {dims} dimensions from {len(train)} items in {seconds:.2f} s: {out}",
        as_json,
    )


def _training(space: Space, out: Path, validation: Dataset | None, resume: bool) -> dict[str, Any]:
    """The arguments that only a deep space takes, and of which an ensemble hands on the validation."""
    from commonspace.spaces.deep.base import DeepSpace
    from commonspace.spaces.ensemble import Ensemble
    from commonspace.spaces.persistence import CHECKPOINT

    if isinstance(space, Ensemble) and not resume:
        return {"validation": _held_out(validation)}
    if not isinstance(space, DeepSpace):
        for option, given in (("--resume", resume), ("--validation", validation is not None)):
            if given:
                raise cs.errors.ParameterError(f"{option}: {type(space).__name__} does not learn epoch by epoch.")
        return {}
    stopped = sorted(path.name for path in out.glob(f"{CHECKPOINT}*")) if out.is_dir() else []
    if stopped and not resume:
        raise cs.errors.StorageError(
            f"{out} holds the state of a training that was stopped ({stopped[0]}): go on with --resume, or delete it."
        )
    held = _held_out(validation, with_time=space.tags.uses_time)
    return {"validation": held, "checkpoint": out / CHECKPOINT, "resume": resume}


def _held_out(held: Dataset | None, *, with_time: bool = False) -> tuple[Any, ...] | None:
    """Views and labels, and of a space that uses time the times."""
    if held is None:
        return None
    return (held.views, held.labels, held.time) if with_time else (held.views, held.labels)
