"""`commonspace serve`: a collection for people and programs."""

from __future__ import annotations

import logging
import os
from itertools import count
from pathlib import Path
from typing import Annotated

import typer

import commonspace as cs

TOKEN = "COMMONSPACE_TOKEN"


def serve(
    store: Annotated[Path, typer.Argument(help="A folder that index wrote.", readable=False)],
    compare: Annotated[
        list[Path] | None, typer.Option(help="Another one, to see beside it. Repeatable.", readable=False)
    ] = None,
    reasoner: Annotated[
        str | None, typer.Option(help="A model that `reason train` wrote, or hf:NAME, to ask about photos.")
    ] = None,
    host: Annotated[
        str, typer.Option(help=f"Where to listen. Beyond this machine only with a token, in {TOKEN}.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes any that is free.", min=0, max=65535)] = 8765,
    name: Annotated[
        list[str] | None, typer.Option("--host-name", help="A name by which browsers reach it. Repeatable.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Searches worked on at once.", min=1)] = 2,
) -> None:
    """Serve the page and the API of a collection until stopped.

    Example: commonspace serve stores/emoji
    """
    from commonspace.server import ServerSettings, create_app
    from commonspace.server.serve import address_of, check_host, listen
    from commonspace.server.serve import serve as run
    from commonspace.server.settings import LOOPBACK

    token = os.environ.get(TOKEN)
    check_host(host, token)
    stores = named_stores([store, *(compare or ())])
    hosts = (*LOOPBACK, *(name or ())) if host in LOOPBACK or name else ()
    settings = ServerSettings(token=token, hosts=hosts, workers=workers)
    model = None
    if reasoner is not None:
        from .reason import load_reasoner

        model = load_reasoner(reasoner)
    app = create_app(stores, reasoner=model, settings=settings)
    listening = listen(host, port)
    logging.getLogger("commonspace.server").setLevel(logging.INFO)
    address = address_of(listening)
    run(app, listening, started=lambda: typer.echo(f"{store} is at {address} (stop with Ctrl+C)"))


def named_stores(folders: list[Path]) -> dict[str, cs.Collection]:
    """Name -> collection; the name is that of its folder, of a later one of that name with a number.

    Clients see these names, and so they tell nothing of where the folders lie.
    """
    stores: dict[str, cs.Collection] = {}
    for folder in folders:
        own = folder.resolve().name
        others = (f"{own}-{number}" for number in count(2))
        stores[own if own not in stores else next(n for n in others if n not in stores)] = cs.Collection.open(folder)
    return stores
