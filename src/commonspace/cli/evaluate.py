"""`commonspace evaluate`: measure a space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs

from .arguments import AsJson, Data, FittedSpace, Option, Protocol, Root, part, read_data, show

if TYPE_CHECKING:
    from commonspace.data import Dataset


def evaluate(
    space: FittedSpace,
    data: Data,
    split: Annotated[
        str | None, typer.Option(help='The split to measure on; "all" for everything. Default: test.')
    ] = None,
    hubness: Annotated[
        str | None,
        typer.Option(
            help="csls or inverted-softmax: correct for items near to everything. Transductive: a query's list then "
            "depends on the other queries measured, and the report says so."
        ),
    ] = None,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well a space finds items across modalities, on the test split.

    Example: commonspace evaluate runs/cca encoded/emoji
    """
    fitted = cs.load_space(space)
    measured = part(read_data(data, root, protocol, option=option), split, default="test")
    _tell_overlap(cs.spaces.read_training(space), measured)
    report = cs.evaluate(fitted, measured, hubness=hubness)
    show(report.to_dict(), str(report), as_json)


def _tell_overlap(training: dict[str, Any], measured: Dataset) -> None:
    """Says where what is measured was, or may have been, learnt from."""
    if training.get("dataset") != measured.name:
        return
    learnt, part = training.get("split"), measured.part or "all"
    if training.get("protocol") != measured.protocol:
        typer.echo(
            f"note: the space learnt from {measured.name} split otherwise ({training.get('protocol')}); "
            "items measured here may be among those it learnt from",
            err=True,
        )
    elif learnt == part or "all" in (learnt, part):
        typer.echo(f"note: the space learnt from split {learnt}, of which items are measured here", err=True)
