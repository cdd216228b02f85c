"""`commonspace encode`: raw items to views."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .arguments import AsJson, Column, Data, Encoder, Option, Out, Protocol, Root, Strict, read_data, show

if TYPE_CHECKING:
    from commonspace.data import Dataset

TOLD = 3
"""Problems of a field."""


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

    Reports which column is used for what, and what could not be used. The same command again encodes only what is
    missing.

    Example: commonspace encode photos --column text=caption --out encoded/photos
    """
    from commonspace.data import hold_out, save_dataset

    dataset = read_data(data, root, protocol, encoder, option, column, strict)
    if holdout is not None:
        dataset = hold_out(dataset, holdout)
    for role, source in dataset.columns.items():
        typer.echo(f"{role}: {source}", err=True)
    if dataset.columns and dataset.metadata.num_columns:
        typer.echo(f"metadata: {', '.join(dataset.metadata.column_names)}", err=True)
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
    """The first problems of each field, and how many there are; all of them are in the folder's dataset.json."""
    counts = Counter(problem.what for problem in dataset.problems)
    for what, count in counts.items():
        for problem in [p for p in dataset.problems if p.what == what][:TOLD]:
            typer.echo(f"not used: {problem}", err=True)
        if count > TOLD:
            typer.echo(f"not used: {what}: {count} in all; dataset.json lists them", err=True)
