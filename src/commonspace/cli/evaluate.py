"""`commonspace evaluate`: measure a space."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import commonspace as cs

from .arguments import AsJson, Data, Option, Protocol, Root, part, read_data, show


def evaluate(
    space: Annotated[Path, typer.Argument(help="A folder that fit wrote.")],
    data: Data,
    split: Annotated[str, typer.Option(help='The split to measure on; "all" for everything.')] = "test",
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well a space finds items across modalities, on the test split.

    Example: commonspace evaluate runs/cca encoded/emoji
    """
    fitted = cs.load_space(space)
    report = cs.evaluate(fitted, part(read_data(data, root, protocol, option=option), split, fallback=True))
    show(report.to_dict(), str(report), as_json)
