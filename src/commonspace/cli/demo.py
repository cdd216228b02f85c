"""`commonspace demo`: the whole way on real input."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated
from urllib.request import Request, urlopen

import typer

import commonspace as cs

from .search import describe

SEARCHES = ("a hungry cat", "something to drink on a cold day", "celebrating with friends")
PORT = 8765
"""Where the page is; if that is taken, any that is free."""


def demo(
    out: Annotated[Path | None, typer.Option(help="Where to write. Default: a folder in the cache directory.")] = None,
) -> None:
    """Go the whole way on 1,600 emoji: encode, fit, evaluate, index, search, a page.

    On a terminal the page is served until stopped; else it answers one search.

    Example: commonspace demo --out demo
    """
    from commonspace.files import cache_directory

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
    store = folder / "store"
    collection = cs.Collection.create(store, space, encoders=data.encoders, overwrite=True)
    collection.add(data)
    collection.build_map()
    typer.echo(f"index     {len(collection)} rows in {store}, and a map of them")
    for text in SEARCHES:
        typer.echo(f'search    "{text}"')
        for hit in collection.search({"text": text}, to="image", k=5):
            typer.echo(f"          {describe(hit)}")
    typer.echo(f"done in {time.perf_counter() - started:.0f} s")
    _serve(collection, store)


def _serve(collection: cs.Collection, store: Path) -> None:
    """The page, until it is stopped; without a terminal, one search through it."""
    from commonspace.server import create_app, serve
    from commonspace.server.serve import address_of, listen, running

    app = create_app({"emoji": collection})
    try:
        listening = listen("127.0.0.1", PORT)
    except cs.errors.ParameterError:
        listening = listen("127.0.0.1", 0)
    address, port = address_of(listening), listening.getsockname()[1]
    if sys.stdout.isatty():
        serve(app, listening, started=lambda: typer.echo(f"The page is at {address} (stop with Ctrl+C)"))
        return
    with running(app, listening):
        asked = json.dumps({"query": {"text": SEARCHES[0]}, "to": "image", "k": 1}).encode()
        request = Request(f"{address}api/v1/search", asked, {"Content-Type": "application/json"})
        with urlopen(request) as response:
            found = json.load(response)["hits"][0]
    typer.echo(f'page      answered "{SEARCHES[0]}" with {found["metadata"]["name"]} at {address}')
    typer.echo(f"To see it: commonspace serve {store} --port {port}, and open {address}")
