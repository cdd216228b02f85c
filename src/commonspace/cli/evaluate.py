"""`commonspace evaluate`: measure a space."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import commonspace as cs

from .arguments import AsJson, Data, FittedSpace, Option, Protocol, Root, part, read_data, show


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
    tell_overlap(cs.spaces.read_training(space), measured.name, measured.protocol, measured.part)
    report = cs.evaluate(fitted, measured, hubness=hubness)
    show(report.to_dict(), str(report), as_json)


def tell_overlap(training: dict[str, Any], name: str, protocol: str, split: str | None) -> None:
    """Says where what is measured was, or may have been, learnt from.

    Args:
        training: What the space tells of its training.
        name: Of the data set that is measured.
        protocol: Its protocol.
        split: The split of it; None for everything.
    """
    if training.get("dataset") != name:
        return
    learnt, part = training.get("split"), split or "all"
    if training.get("protocol") != protocol:
        typer.echo(
            f"note: the space learnt from {name} split otherwise ({training.get('protocol')}); "
            "items measured here may be among those it learnt from",
            err=True,
        )
    elif learnt == part or "all" in (learnt, part):
        typer.echo(f"note: the space learnt from split {learnt}, of which items are measured here", err=True)
