"""Drawings of what happens over time: SVG, PNG or PDF by the ending of the path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from sklearn.decomposition import PCA

from commonspace.errors import InputError
from commonspace.files import save_figure
from commonspace.spaces.temporal.instants import Clock

from .curves import Curve
from .summaries import Summary
from .trajectories import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EPOCH = 1970
DAYS_A_YEAR = 365.2425


def plot_curves(curves: Sequence[Curve], path: str | Path) -> None:
    """Curves with their intervals, and below them the items that each bin rests on.

    Args:
        curves: At least one, see `dispersion`, `drift` and `compare`; their bins may differ.
        path: The file to write.

    Raises:
        InputError: If there is no curve.
        StorageError: If the file cannot be written.

    Example:
        ```python
        from commonspace.timeline import dispersion, plot_curves

        curves = [dispersion(space, data, genre, bins=2) for genre in ("war", "romance")]
        plot_curves(curves, "dispersion.svg")
        ```
    """
    _some(curves)
    figure = _figure(8, 5)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    for curve in curves:
        x = _shown(curve.centres, curve.clock)
        (line,) = above.plot(x, curve.values, marker="o", markersize=3, label=curve.name)
        above.fill_between(x, curve.low, curve.high, color=line.get_color(), alpha=0.2, linewidth=0)
        above.vlines(x, curve.low, curve.high, color=line.get_color(), alpha=0.4, linewidth=1)  # where a bin is alone
        below.plot(x, curve.counts, drawstyle="steps-mid", color=line.get_color())
    above.legend(fontsize=8, frameon=False)
    below.set_ylabel("items")
    below.set_ylim(0, None)
    _label_time(below, curves[0].clock)
    _save(figure, path, above, below)


def plot_heat_map(curves: Sequence[Curve], path: str | Path) -> None:
    """Curves over the same bins as rows of colours, such as of a class compared with every other; empty bins are blank.

    Args:
        curves: At least one.
        path: The file to write.

    Raises:
        InputError: If there is no curve, or their bins differ.
        StorageError: If the file cannot be written.

    Example:
        ```python
        from commonspace.timeline import dispersion, plot_heat_map

        plot_heat_map([dispersion(space, data, genre, bins=2) for genre in ("war", "romance")], "spread.png")
        ```
    """
    _some(curves)
    edges = curves[0].edges
    if any(len(c.edges) != len(edges) or not np.allclose(c.edges, edges) for c in curves):
        raise InputError("curves: a heat map needs the same bins for all.")
    figure = _figure(8, 0.35 * len(curves) + 1.2)
    axes = figure.subplots()
    rows = np.arange(len(curves) + 1) - 0.5
    mesh = axes.pcolormesh(_shown(edges, curves[0].clock), rows, np.stack([c.values for c in curves]), cmap="viridis")
    axes.set_yticks(range(len(curves)), [c.name for c in curves], fontsize=8)
    axes.invert_yaxis()
    _label_time(axes, curves[0].clock)
    figure.colorbar(mesh)
    _save(figure, path)


def plot_trajectories(trajectories: Sequence[Trajectory], path: str | Path) -> None:
    """Paths on the two principal axes of all their points, time as colour, the name at the last point.

    Args:
        trajectories: Of one space, see `trajectory`.
        path: The file to write.

    Raises:
        InputError: If there is no point to draw.
        StorageError: If the file cannot be written.

    Example:
        ```python
        from commonspace.timeline import plot_trajectories, trajectory

        paths = [trajectory(space, data, genre, 5, to="image") for genre in ("war", "romance")]
        plot_trajectories(paths, "paths.svg")
        ```
    """
    points = [t.path[~np.isnan(t.path).any(1)] for t in trajectories]
    if not any(len(p) for p in points):
        raise InputError("trajectories: no point to draw.")
    from matplotlib.colors import Normalize

    together, clock = np.concatenate(points), trajectories[0].clock
    flat = PCA(2).fit(together) if min(together.shape) > 1 else None
    years = [_shown(t.instants[~np.isnan(t.path).any(1)], clock) for t in trajectories]
    norm = Normalize(min(y.min() for y in years if len(y)), max(y.max() for y in years if len(y)))
    figure = _figure(7, 6)
    axes = figure.subplots()
    for t, p, when in zip(trajectories, points, years, strict=True):
        if not len(p):
            continue
        x, y = np.zeros((2, len(p))) if flat is None else flat.transform(p).T
        axes.plot(x, y, color="#bbb", linewidth=1, zorder=1)
        marks = axes.scatter(x, y, c=when, cmap="viridis", norm=norm, s=18, zorder=2)
        end = float(x[-1]), float(y[-1])
        axes.annotate(t.name, end, fontsize=8, xytext=(4, 4), textcoords="offset points")
    figure.colorbar(marks, label=_unit(clock)).formatter.set_useOffset(False)  # type: ignore[attr-defined]
    axes.set_xticks([])
    axes.set_yticks([])
    _save(figure, path)


def plot_summary(summary: Summary, pictures: Mapping[str, str | Path], path: str | Path) -> None:
    """The scenes of a summary as a strip: the picture of each one's item, and from when to when it stands.

    Args:
        summary: See `summarise`.
        pictures: The picture of each item, by its id; without one its id is written.
        path: The file to write.

    Raises:
        InputError: If the summary has no scene.
        StorageError: If the file cannot be written.

    Example:
        ```python
        from commonspace.timeline import plot_summary, summarise, trajectory

        summary = summarise(trajectory(space, data, {"text": "war"}, 5, to="image"), k=3)
        pictures = {id_: parts[0] for id_, parts in zip(data.ids, data.content("image"), strict=True)}
        plot_summary(summary, pictures, "scenes.png")
        ```
    """
    if not summary.scenes:
        raise InputError(f"summary of {summary.name}: there is no scene to draw.")
    figure = _figure(2 * len(summary.scenes), 2.9)
    panels = figure.subplots(1, len(summary.scenes), squeeze=False)[0]
    for axes, scene in zip(panels, summary.scenes, strict=True):
        found = scene.neighbour
        first, last = summary.clock.written(scene.start), summary.clock.written(scene.end)
        axes.set_title(first if first == last else f"{first} to {last}", fontsize=8)
        axes.set_xlabel(f"{found.time}\n{found.score:.2f}", fontsize=8)
        axes.set_xticks([])
        axes.set_yticks([])
        if found.id in pictures:
            with Image.open(pictures[found.id]) as picture:
                axes.imshow(np.asarray(picture.convert("RGBA")))  # what is transparent stays so
        else:
            axes.text(0.5, 0.5, found.id, ha="center", va="center", fontsize=8, wrap=True)
    figure.suptitle(summary.name, fontsize=9)
    _save(figure, path)


def _some(curves: Sequence[Curve]) -> None:
    if not curves:
        raise InputError("curves: expected at least one, got none.")


def _shown(instants: np.ndarray[Any, np.dtype[np.float64]], clock: Clock) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Instants as they are drawn: dates as years, which any date is, numbers as they are."""
    return EPOCH + instants / DAYS_A_YEAR if clock.kind == "date" else instants


def _label_time(axes: Axes, clock: Clock) -> None:
    axes.set_xlabel(_unit(clock))
    axes.ticklabel_format(axis="x", useOffset=False, style="plain")
    if clock.kind == "date" and clock.end - clock.start > 5 * DAYS_A_YEAR:
        axes.locator_params(axis="x", integer=True)


def _unit(clock: Clock) -> str:
    return "year" if clock.kind == "date" else "time"


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure  # takes half a second, and few draw

    return Figure(figsize=(width, height), layout="constrained")


def _save(figure: Figure, path: str | Path, *panels: Axes) -> None:
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#ddd", linewidth=0.5)
    save_figure(figure, path)
