"""`commonspace index`: store embeddings for search."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import commonspace as cs

from .arguments import AsJson, Data, FittedSpace, Option, Protocol, Root, part, read_data, show


def index(
    space: FittedSpace,
    data: Data,
    store: Annotated[
        Path, typer.Option(help="The collection's folder; items are added if it is there.", readable=False)
    ],
    split: Annotated[str | None, typer.Option(help="The split to store. Default: everything.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a collection that is there.")] = False,
    map_method: Annotated[str | None, typer.Option("--map", help="Draw a map for the page, too: umap, or pca.")] = None,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Embed a data set and store it in a collection, ready for search.

    Items that are stored already are replaced, so that the same command twice changes nothing.

    Example: commonspace index runs/cca encoded/emoji --store stores/emoji
    """
    from commonspace.collection import check_dataset, is_collection

    fitted = cs.load_space(space)
    dataset = part(read_data(data, root, protocol, option=option), split, default="all")
    if is_collection(store) and not overwrite:
        collection = cs.Collection.open(store, space=fitted, encoders=dataset.encoders)
    else:
        check_dataset(dataset, fitted)  # before anything of an old collection is given up
        collection = cs.Collection.create(store, fitted, encoders=dataset.encoders, overwrite=overwrite)
    collection.add(dataset)
    collection.build_index()
    if map_method is not None:
        collection.build_map(map_method)
    show(
        {"store": str(store), "items": len(dataset), "rows": len(collection)},
        f"{len(collection)} rows of {len(dataset)} items in {store}",
        as_json,
    )
