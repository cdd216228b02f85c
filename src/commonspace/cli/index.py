"""`commonspace index`: store embeddings for search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import commonspace as cs

from .arguments import AsJson, Data, Option, Protocol, Root, part, read_data, show


def index(
    space: Annotated[Path, typer.Argument(help="A folder that fit wrote.")],
    data: Data,
    store: Annotated[Path, typer.Option(help="The collection's folder; items are added if it is there.")],
    split: Annotated[str, typer.Option(help='The split to store; "all" for everything.')] = "all",
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Embed a data set and store it in a collection, ready for search.

    Example: commonspace index runs/cca encoded/emoji --store stores/emoji
    """
    fitted = cs.load_space(space)
    dataset = part(read_data(data, root, protocol, option=option), split, fallback=False)
    collection = cs.Collection.create(store, fitted, encoders=dataset.encoders, overwrite=True)
    collection.add(dataset)
    collection.build_index()
    show(
        {"store": str(store), "items": len(dataset), "rows": len(collection)},
        f"{len(collection)} rows of {len(dataset)} items in {store}",
        as_json,
    )
