"""`commonspace timeline`: how classes and questions move and spread over time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import commonspace as cs
from commonspace.files import drawing_kind

from .arguments import AsJson, Data, FittedSpace, Option, Protocol, Root, part, read_data, show

if TYPE_CHECKING:
    from commonspace.data import Dataset
    from commonspace.spaces import Space
    from commonspace.timeline import Trajectory

timeline = typer.Typer(
    help="Tell how classes and questions move and spread over time.", no_args_is_help=True, rich_markup_mode=None
)

What = Annotated[list[str], typer.Argument(help="Classes; with --from, questions.")]
Source = Annotated[str | None, typer.Option("--from", help="The modality of the questions. Default: they are classes.")]
Split = Annotated[str | None, typer.Option(help='The split to look at. Default: "all".')]
Bins = Annotated[int, typer.Option(help="How many bins of time.")]
Picture = Annotated[
    Path | None, typer.Option("--picture", help="Draw it, by the ending as SVG, PNG or PDF.", readable=False)
]
Window = Annotated[
    float | None, typer.Option(help="How far from an instant neighbours may be, in days or in the unit of the times.")
]


@timeline.command()
def dispersion(
    space: FittedSpace,
    data: Data,
    what: What,
    source: Source = None,
    to: Annotated[
        str | None, typer.Option(help="The modality of the items. Default: all; a question needs it.")
    ] = None,
    bins: Bins = 10,
    k: Annotated[int, typer.Option(help="How many neighbours of a question.")] = 20,
    picture: Picture = None,
    split: Split = None,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Tell how far classes, or what is nearest to questions, spread in each bin of time.

    Example: commonspace timeline dispersion runs/diachronic encoded/photos war romance --picture dispersion.svg
    """
    from commonspace import timeline as tl
    from commonspace.timeline.plots import plot_curves

    fitted, items = cs.load_space(space), _items(data, split, root, protocol, option, picture)
    curves = [tl.dispersion(fitted, items, _asked(one, source), modality=to, bins=bins, k=k) for one in what]
    if picture:
        plot_curves(curves, picture)
    show([curve.to_dict() for curve in curves], "\n".join(map(str, curves)), as_json)


@timeline.command()
def compare(
    space: FittedSpace,
    data: Data,
    what: Annotated[list[str], typer.Argument(help="A class, and those it is compared with.")],
    to: Annotated[str | None, typer.Option(help="The modality of the items. Default: all.")] = None,
    bins: Bins = 10,
    picture: Picture = None,
    split: Split = None,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Tell how near a class is to others in each bin of time; the picture is a map of colours.

    Example: commonspace timeline compare runs/diachronic encoded/photos war romance western --picture near.svg
    """
    from commonspace import timeline as tl
    from commonspace.timeline.plots import plot_heat_map

    if len(what) < 2:
        raise cs.errors.ParameterError(f"compare: expected a class and at least one other, got {what[0]!r} alone.")
    fitted, items = cs.load_space(space), _items(data, split, root, protocol, option, picture)
    first, *others = what
    curves = [tl.compare(fitted, items, first, other, modality=to, bins=bins) for other in others]
    if picture:
        plot_heat_map(curves, picture)
    show([curve.to_dict() for curve in curves], "\n".join(map(str, curves)), as_json)


@timeline.command()
def trajectory(
    space: FittedSpace,
    data: Data,
    what: What,
    to: Annotated[str, typer.Option(help="The modality of the neighbours.")],
    source: Source = None,
    steps: Annotated[int, typer.Option(help="How many instants, evenly over the span of the data.")] = 21,
    k: Annotated[int, typer.Option(help="How many neighbours at each instant.")] = 5,
    window: Window = None,
    picture: Picture = None,
    split: Split = None,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Tell where classes or questions are at each instant, and what is near or typical of them there.

    Example: commonspace timeline trajectory runs/diachronic encoded/photos "a car" --from text --to image
    """
    from commonspace.timeline.plots import plot_trajectories

    fitted, items = cs.load_space(space), _items(data, split, root, protocol, option, picture)
    paths = [_path(fitted, items, _asked(one, source), steps, to, k, window) for one in what]
    if picture:
        plot_trajectories(paths, picture)
    show([path.to_dict() for path in paths], "\n".join(map(_written, paths)), as_json)


@timeline.command()
def summary(
    space: FittedSpace,
    data: Data,
    what: Annotated[str, typer.Argument(help="A class; with --from, a question.")],
    to: Annotated[str, typer.Option(help="The modality of the items that stand for scenes.")],
    source: Source = None,
    scenes: Annotated[int, typer.Option(help="At most so many scenes.")] = 5,
    steps: Annotated[int, typer.Option(help="How many instants, evenly over the span of the data.")] = 101,
    window: Window = None,
    picture: Picture = None,
    split: Split = None,
    root: Root = None,
    protocol: Protocol = None,
    option: Option = None,
    as_json: AsJson = False,
) -> None:
    """Tell the trajectory of a class or a question in a few scenes; the picture is a strip of the items.

    Example: commonspace timeline summary runs/diachronic encoded/photos "a car" --from text --to image
    """
    from commonspace import timeline as tl
    from commonspace.timeline.plots import plot_summary

    fitted, items = cs.load_space(space), _items(data, split, root, protocol, option, picture)
    found = tl.summarise(_path(fitted, items, _asked(what, source), steps, to, scenes, window), scenes)
    if picture:
        plot_summary(found, _pictures(items, to), picture)
    told = found.to_dict()
    lines = [f"{s['from']} to {s['to']}: {s['item']['id']} ({s['item']['time']})" for s in told["scenes"]]
    show(told, "\n".join([told["name"], *lines]) if lines else f"{told['name']}: nothing found", as_json)


def _items(
    data: str,
    split: str | None,
    root: Path | None,
    protocol: str | None,
    option: list[str] | None,
    picture: Path | None,
) -> Dataset:
    """The data; a picture that cannot be drawn is told before the work."""
    if picture is not None:
        drawing_kind(picture)
    return part(read_data(data, root, protocol, option=option), split, default="all")


def _asked(what: str, source: str | None) -> object:
    """A class, or a question."""
    return what if source is None else {source: what}


def _path(
    fitted: Space, items: Dataset, asked: object, steps: int, to: str, k: int, window: float | None
) -> Trajectory:
    from commonspace import timeline as tl

    return tl.trajectory(fitted, items, asked, steps, to=to, k=k, window=window)


def _written(path: Trajectory) -> str:
    lines = [path.name]
    for instant in path.to_dict()["instants"]:
        near = ", ".join(f"{n['id']} ({n['time']}, {n['score']:.2f})" for n in instant["neighbours"])
        lines.append(f"  {instant['time']}{' (outside)' if instant['outside'] else ''}: {near or 'nothing near'}")
    return "\n".join(lines)


def _pictures(items: Dataset, modality: str) -> dict[str, Any]:
    """The file of each item's first part, where it is one."""
    if modality not in items.modalities:
        raise cs.errors.UnknownNameError("modality", modality, items.modalities)
    found = {}
    for name, parts in zip(items.ids, items.content(modality), strict=True):
        if parts and isinstance(parts[0], str) and _is_file(parts[0]):
            found[str(name)] = parts[0]
    return found


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # a text too long for a name, or impossible in one
        return False
