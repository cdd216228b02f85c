"""`commonspace scale`: encode, fit, evaluate and index on a cluster of machines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

import commonspace as cs

from .arguments import AsJson, Column, Encoder, FittedSpace, names, show, unfitted

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
            help="A Parquet file, a folder of them or a Lance data set, by path or URI; or a path that encode takes."
        ),
    ],
    out: Annotated[str, typer.Option(help="The folder to write: a path that every machine sees, or a URI.")],
    encoder: Encoder = None,
    column: Column = None,
    rows: Annotated[int, typer.Option(help="Items in a partition.")] = 4096,
    workers: Workers = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Encode a data set into a folder of partitions. The same command again encodes only what is missing.

    Example: commonspace scale encode s3://photos/tables --out s3://photos/encoded --address auto
    """
    parts = cs.scale.encode(
        data,
        out,
        encoders=names("--encoder", encoder),
        columns={role: name or None for role, name in names("--column", column).items()},
        rows=rows,
        workers=workers,
        address=address,
    )
    told = {"out": out, "items": parts.items, "partitions": len(parts), "modalities": parts.description.modalities}
    show(told, f"{parts.items} items in {len(parts)} partitions in {out}", as_json)


@scale.command()
def fit(
    data: Parts,
    space: Annotated[str, typer.Option(help="A linear or a deep method; see: commonspace spaces.")],
    out: Annotated[Path, typer.Option(help="The folder to write.", readable=False)],
    split: Annotated[str, typer.Option(help='The split to learn from; "all" for everything.')] = "train",
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
    learning = unfitted(space, setting)
    parts = cs.scale.Partitions(data)
    started = time.perf_counter()
    fitted = cs.scale.fit(learning, parts, split=_split(split), work=work, workers=workers, address=address)
    seconds = time.perf_counter() - started
    told = parts.description
    fitted.save(out, training={"dataset": told.name, "protocol": told.protocol, "split": split, "fit_seconds": seconds})
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
    split: Annotated[str, typer.Option(help='The split to measure on; "all" for everything.')] = "test",
    workers: Workers = None,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well a space finds items across modalities.

    Example: commonspace scale evaluate runs/cca s3://photos/encoded --address auto
    """
    report = cs.scale.evaluate(
        cs.load_space(space), cs.scale.Partitions(data), split=_split(split), workers=workers, address=address
    )
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
        split=_split(split),
        overwrite=overwrite,
        work=work,
        workers=workers,
        address=address,
    )
    show({"store": str(store), "rows": len(collection)}, f"{len(collection)} rows in {store}", as_json)


def _split(name: str) -> str | None:
    return None if name == "all" else name
