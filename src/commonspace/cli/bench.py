"""`commonspace bench`: compare spaces on a data set."""

from __future__ import annotations

from typing import Annotated

import typer

from .arguments import AsJson, Data, Encoder, Out, Protocol, Root, names, show


def bench(
    data: Data,
    out: Out,
    spaces: Annotated[
        list[str] | None,
        typer.Option(help="A method, or several with commas; may be repeated. Default: all that need no times."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Fits that are measured on test, where anything is random.")] = 5,
    trials: Annotated[int, typer.Option(help="Settings that are tried for each space; of deep ones a fifth.")] = 60,
    budget: Annotated[
        float,
        typer.Option(
            help="Minutes after which no further setting is tried for a space; shared by the splits of emoji.",
            metavar="MINUTES",
        ),
    ] = 10.0,
    processes: Annotated[
        int | None, typer.Option(help="Spaces worked on at a time. Default: one per processor.")
    ] = None,
    root: Root = None,
    protocol: Protocol = None,
    encoder: Encoder = None,
    as_json: AsJson = False,
) -> None:
    """Compare spaces on a data set: chosen on validation, measured once on test, with published figures beside.

    Example: commonspace bench wikipedia --root data/wikipedia --spaces cca,sam --out runs/wikipedia

    Writes results.json, table.md, table.html and drawings into --out. Stopped on the way, the same command goes on.
    """
    from commonspace.bench import BenchSettings, find_protocol, render, run_bench

    chosen = [name for text in spaces or () for name in text.split(",") if name]
    settings = BenchSettings(chosen or BenchSettings.spaces, seeds, trials, budget)
    measured = find_protocol(data, root=root, name=protocol, encoders=names("--encoder", encoder))
    results = run_bench(measured, settings, out, processes=processes)
    table = render(measured, settings, out)
    show(results, f"{table.markdown()}\nwritten to {out}", as_json)
