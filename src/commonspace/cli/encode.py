"""`commonspace encode`: raw items to views."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .arguments import AsJson, Column, Data, Encoder, Option, Out, Protocol, Root, Strict, read_data, show

if TYPE_CHECKING:
    from commonspace.data import Dataset

TOLD = 5


def encode(
    data: Data,
    out: Out,
    root: Root = None,
    protocol: Protocol = None,
    encoder: Encoder = None,
    column: Column = None,
    strict: Strict = False,
    option: Option = None,
    holdout: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Items to keep for the test, drawn at random, where the data has no splits."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Encode a data set into a folder that fit, evaluate and index read.

    What was taken for what, and what could not be used, is told. The same command again encodes only what is missing.

    Example: commonspace encode photos --column text=caption --out encoded/photos
    """
    from commonspace.data import hold_out, save_dataset

    dataset = read_data(data, root, protocol, encoder, option, column, strict)
    if holdout is not None:
        dataset = hold_out(dataset, holdout)
    for role, source in dataset.columns.items():
        typer.echo(f"{role}: {source}", err=True)
    save_dataset(dataset, out)
    _tell_problems(dataset)
    shapes = {modality: list(view.shape) for modality, view in dataset.views.items()}
    told = ", ".join(f"{modality} {' x '.join(map(str, shape))}" for modality, shape in shapes.items())
    result = {
        "out": str(out),
        "items": len(dataset),
        "views": shapes,
        "columns": dataset.columns,
        "problems": [asdict(problem) for problem in dataset.problems],
    }
    show(result, f"{len(dataset)} items in {out}: {told}", as_json)


def _tell_problems(dataset: Dataset) -> None:
    """The count and the first of what was left out; all of it is in the folder's dataset.json."""
    for problem in dataset.problems[:TOLD]:
        typer.echo(f"left out: {problem}", err=True)
    if len(dataset.problems) > TOLD:
        typer.echo(f"left out: {len(dataset.problems)} in all; dataset.json lists them", err=True)
