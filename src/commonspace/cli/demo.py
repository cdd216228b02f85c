"""`commonspace demo`: the whole way on real input."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

import commonspace as cs

from .search import describe

SEARCHES = ("a hungry cat", "something to drink on a cold day", "celebrating with friends")


def demo(
    out: Annotated[Path | None, typer.Option(help="Where to write. Default: a folder in the cache directory.")] = None,
) -> None:
    """Go the whole way on 1,600 emoji: encode, fit, evaluate, index, search, a page.

    Example: commonspace demo --out demo
    """
    from commonspace.files import cache_directory

    from .contact_sheet import write_contact_sheet

    started = time.perf_counter()
    folder = out if out is not None else cache_directory() / "demo"
    data = cs.load_dataset("emoji")
    typer.echo(
        f"encode    {len(data)} emoji: pictures by {data.encoders['image'].name}, names by {data.encoders['text'].name}"
    )
    train, test = data.split("train"), data.split("test")
    space = cs.CCA().fit(train.views, train.labels)
    space.save(folder / "space")
    typer.echo(f"fit       CCA, {space.n_components_} dimensions, from {len(train)} emoji")
    report = cs.evaluate(space, test)
    typer.echo(f"evaluate  {len(test)} emoji whose families were held out\n{report}")
    collection = cs.Collection.create(folder / "store", space, encoders=data.encoders, overwrite=True)
    collection.add(data)
    typer.echo(f"index     {len(collection)} rows in {folder / 'store'}")
    for text in SEARCHES:
        typer.echo(f'search    "{text}"')
        for hit in collection.search({"text": text}, to="image", k=5):
            typer.echo(f"          {describe(hit)}")
    page = folder / "index.html"
    write_contact_sheet(page, collection, report)
    typer.echo(f"done in {time.perf_counter() - started:.0f} s. See the pictures found: {page.resolve().as_uri()}")
