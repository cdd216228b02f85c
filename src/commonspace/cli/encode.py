"""`commonspace encode`: raw items to views."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .arguments import AsJson, Data, Encoder, Option, Protocol, Root, read_data, show


def encode(
    data: Data,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    root: Root = None,
    protocol: Protocol = None,
    encoder: Encoder = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Encode a data set into a folder that fit, evaluate and index read.

    Example: commonspace encode emoji --out encoded/emoji
    """
    from commonspace.data import save_dataset

    dataset = read_data(data, root, protocol, encoder, option)
    save_dataset(dataset, out)
    shapes = {modality: list(view.shape) for modality, view in dataset.views.items()}
    told = ", ".join(f"{modality} {' x '.join(map(str, shape))}" for modality, shape in shapes.items())
    show({"out": str(out), "items": len(dataset), "views": shapes}, f"{len(dataset)} items in {out}: {told}", as_json)
