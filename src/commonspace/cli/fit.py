"""`commonspace fit`: learn a space."""

from __future__ import annotations

import time
from typing import Annotated

import typer

import commonspace as cs

from .arguments import AsJson, Data, Option, Out, Protocol, Root, pairs, part, read_data, show


def fit(
    data: Data,
    space: Annotated[str, typer.Option(help="The method; see: commonspace spaces.")],
    out: Out,
    split: Annotated[
        str | None, typer.Option(help='The split to learn from; "all" for everything. Default: train.')
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE: a parameter of the method.")] = None,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Learn a space from the training split and save it.

    Example: commonspace fit encoded/emoji --space cca --set n_components=64 --out runs/cca
    """
    method = cs.spaces.find_space(space)
    settings = pairs("--set", setting)
    known = method().get_params()
    for name in settings:
        if name not in known:
            raise cs.errors.UnknownNameError(f"parameter of {space}", name, known)
    train = part(read_data(data, root, protocol, option=option), split, default="train")
    views = train.views
    started = time.perf_counter()
    fitted = method(**settings).fit(views, train.labels, time=train.time if method.tags.uses_time else None)
    seconds = time.perf_counter() - started
    summary = {"dataset": train.name, "protocol": train.protocol, "split": train.part or "all", "items": len(train)}
    fitted.save(out, training={**summary, "fit_seconds": seconds})
    dims = fitted.n_components_
    show(
        {"out": str(out), "space": method.__name__, "items": len(train), "n_components": dims, "fit_seconds": seconds},
        f"{method.__name__} of {dims} dimensions from {len(train)} items in {seconds:.2f} s: {out}",
        as_json,
    )
