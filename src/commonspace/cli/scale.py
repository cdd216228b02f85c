"""`commonspace scale`: encode, fit, evaluate and index on a cluster of machines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs

from .arguments import (
    AsJson,
    Column,
    Encoder,
    FittedSpace,
    Option,
    Protocol,
    Root,
    chosen_split,
    columns,
    names,
    read_data,
    show,
    unfitted,
)
from .evaluate import tell_overlap

if TYPE_CHECKING:
    from commonspace.data.partitions import Partitions

scale = typer.Typer(
    help="Encode, fit, evaluate and index on a cluster of machines, by Ray.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Parts = Annotated[str, typer.Argument(help="What scale encode wrote: a folder that every machine sees, or a URI.")]
Address = Annotated[
    str | None,
    typer.Option(help='The cluster: "auto" on one of its machines, or HOST:PORT. Default: this machine alone.'),
]
Workers = Annotated[int | None, typer.Option(help="At most so many at work at once. Default: all processors.")]
KEEPS = "A folder that keeps what is finished; the same command goes on from there after a kill."
Work = Annotated[str | None, typer.Option(help=KEEPS)]


@scale.command()
def encode(
    data: Annotated[
        str,
        typer.Argument(
            help="A Parquet file, a folder of them or a Lance data set, by path or URI; or what encode takes: a "
            "name of the catalogue, or data of your own."
        ),
    ],
    out: Annotated[str, typer.Option(help="The folder to write: a path that every machine sees, or a URI.")],
    root: Root = None,
    protocol: Protocol = None,
    encoder: Encoder = None,
    column: Column = None,
    option: Option = None,
    rows: Annotated[int, typer.Option(help="Items in a partition.")] = 4096,
    workers: Workers = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Encode a data set into a folder of partitions. The same command again encodes only what is missing.

    Example: commonspace scale encode s3://photos/tables --out s3://photos/encoded --address auto
    """
    from commonspace.catalogue import CATALOGUE

    source: Any = data
    how: dict[str, Any] = {"encoders": names("--encoder", encoder), "columns": columns(column)}
    if data in CATALOGUE or root or protocol or option:
        source, how = read_data(data, root, protocol, encoder, option, column), {}
    parts = cs.scale.encode(source, out, rows=rows, workers=workers, address=address, **how)
    told = {"out": out, "items": parts.items, "partitions": len(parts), "modalities": parts.description.modalities}
    show(told, f"{parts.items} items in {len(parts)} partitions in {out}", as_json)


@scale.command()
def fit(
    data: Parts,
    space: Annotated[str, typer.Option(help="A linear or a deep method; see: commonspace spaces.")],
    out: Annotated[Path, typer.Option(help="The folder to write.", readable=False)],
    split: Annotated[
        str | None, typer.Option(help='The split to learn from; "all" for everything. Default: train.')
    ] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE: a parameter of the method.")] = None,
    work: Annotated[
        str | None, typer.Option(help=f"{KEEPS} A deep space needs it, as a path that every machine sees, not a URI.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="At most so many tasks at once; of a deep space, how many processes train. Default: all; one."
        ),
    ] = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Learn a space from a split and save it.

    Example: commonspace scale fit s3://photos/encoded --space cca --out runs/cca --work s3://photos/cca --address auto
    """
    from commonspace.spaces.persistence import check_folder

    learning = unfitted(space, setting)
    check_folder(out)
    parts = cs.scale.Partitions(data)
    part = _part(parts, split, default="train")
    started = time.perf_counter()
    fitted = cs.scale.fit(learning, parts, split=part, work=work, workers=workers, address=address)
    seconds = time.perf_counter() - started
    told = parts.description
    learnt = {"dataset": told.name, "protocol": told.protocol, "split": part or "all"}
    fitted.save(out, training={**learnt, "fit_seconds": seconds})
    show(
        {
            "out": str(out),
            "space": type(learning).__name__,
            "n_components": fitted.n_components_,
            "fit_seconds": seconds,
        },
        f"{type(learning).__name__} of {fitted.n_components_} dimensions in {seconds:.2f} s: {out}",
        as_json,
    )


@scale.command()
def evaluate(
    space: FittedSpace,
    data: Parts,
    split: Annotated[
        str | None, typer.Option(help='The split to measure on; "all" for everything. Default: test.')
    ] = None,
    workers: Workers = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well a space finds items across modalities.

    Example: commonspace scale evaluate runs/cca s3://photos/encoded --address auto
    """
    fitted, parts = cs.load_space(space), cs.scale.Partitions(data)
    part = _part(parts, split, default="test")
    tell_overlap(cs.spaces.read_training(space), parts.description.name, parts.description.protocol, part)
    report = cs.scale.evaluate(fitted, parts, split=part, workers=workers, address=address)
    show(report.to_dict(), str(report), as_json)


@scale.command()
def index(
    space: FittedSpace,
    data: Parts,
    store: Annotated[Path, typer.Option(help="The folder of the new collection.", readable=False)],
    split: Annotated[str, typer.Option(help='The split to store; "all" for everything.')] = "all",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a collection that is there.")] = False,
    work: Work = None,
    workers: Workers = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Embed a data set and store it in a new collection, ready for search.

    Example: commonspace scale index runs/cca s3://photos/encoded --store stores/photos --address auto
    """
    collection = cs.scale.index(
        cs.load_space(space),
        cs.scale.Partitions(data),
        store,
        split=None if split == "all" else split,
        overwrite=overwrite,
        work=work,
        workers=workers,
        address=address,
    )
    show({"store": str(store), "rows": len(collection)}, f"{len(collection)} rows in {store}", as_json)


def _part(parts: Partitions, split: str | None, *, default: str) -> str | None:
    """The split that a command takes, None for everything, as on one machine."""
    told = parts.description
    has_splits = split is not None or _has_splits(parts)
    return chosen_split(split, default=default, has_splits=has_splits, name=told.name, items=parts.items)


def _has_splits(parts: Partitions) -> bool:
    """Whether an item is of a split; reads no more partitions than it takes to see that."""
    for part in parts.parts(modalities=(), raw=False):
        if part.splits or "split" not in part.table.column_names:
            return bool(part.splits)
    return False
