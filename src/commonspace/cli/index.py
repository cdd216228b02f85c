"""`commonspace index`: store embeddings for search."""

from __future__ import annotations

from dataclasses import asdict
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
    recall: Annotated[
        float, typer.Option(help="From 5,000 rows on, what share of an exact search's hits has to be found.")
    ] = 0.99,
    codes: Annotated[
        str, typer.Option(help="How the index holds vectors: sq, a byte a number, or pq, an eighth of that.")
    ] = "sq",
    storage: Annotated[
        str | None, typer.Option(help="How a new collection keeps vectors: float32, or float16. Default: float32.")
    ] = None,
    map_method: Annotated[str | None, typer.Option("--map", help="Draw a map for the page, too: umap, or pca.")] = None,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Embed a data set and store it in a collection, ready for search.

    Items that are stored already are replaced, so that the same command twice changes nothing.

    Example: commonspace index runs/cca encoded/emoji --store stores/emoji

    Example: commonspace index runs/cca encoded/photos --store stores/photos --recall 0.95 --storage float16
    """
    from commonspace.collection import check_dataset, check_index, check_map, is_collection

    check_index(recall, codes)  # before anything is stored
    check_map(map_method or "pca")  # which can always be drawn
    fitted = cs.load_space(space)
    dataset = part(read_data(data, root, protocol, option=option), split, default="all")
    if is_collection(store) and not overwrite:
        collection = cs.Collection.open(store, space=fitted, encoders=dataset.encoders)
        if storage not in (None, collection.storage):
            raise cs.errors.ParameterError(
                f"--storage: {store} keeps its vectors as {collection.storage}; leave it out, or begin anew with "
                "--overwrite."
            )
    else:
        check_dataset(dataset, fitted)  # before anything of an old collection is given up
        collection = cs.Collection.create(
            store, fitted, encoders=dataset.encoders, storage=storage or "float32", overwrite=overwrite
        )
    collection.add(dataset)
    report = collection.build_index(recall, codes=codes)
    if map_method is not None:
        collection.build_map(map_method)
    show(
        {
            "store": str(store),
            "items": len(dataset),
            "rows": len(collection),
            "index": asdict(report) | {"recall": report.recall},
        },
        f"{len(collection)} rows of {len(dataset)} items in {store}\n{report}",
        as_json,
    )
