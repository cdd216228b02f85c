"""Drawings of a benchmark, as SVG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from commonspace.files import without_formulas
from commonspace.metrics.curves import LEVELS

from .results import Result
from .table import figures

COLOURS, LINES = 10, ("-", "--", ":")
"""Lines are told apart by both."""

SeedQueries = list[dict[str, NDArray[Any]]]


def draw(results: Sequence[Result], queries: Mapping[str, SeedQueries], labels: Sequence[Any] | None) -> dict[str, str]:
    """Name -> SVG: figures with their spread, figures against fit time, and by label precision-recall and per class.

    Args:
        results: Of one data set and protocol.
        queries: Class name -> for each seed, what its queries came to.
        labels: The label of each test item; None where figures are not by label, or an item has several.
    """
    ordered = sorted(results, key=lambda r: float(np.mean(_main(r))))
    drawn = {"figures": _bars(ordered), "fit_time": _against_time(ordered)}
    if results[0]["goal"] == "map":
        drawn["precision_recall"] = _precision_recall(ordered, queries)
        if labels is not None:
            drawn["classes"] = _classes(ordered, queries, labels)
    return drawn


def _main(result: Result) -> list[float]:
    """What a space is judged by, for each seed."""
    found = figures(result)
    return found[-1] if result["goal"] == "map" else np.mean(found, axis=0).tolist()


def _name_of_main(result: Result) -> str:
    return "mean mAP@all" if result["goal"] == "map" else "mean of Recall@1, 5 and 10"


def _bars(results: Sequence[Result]) -> str:
    figure = Figure(figsize=(8, 0.32 * len(results) + 1.2), layout="constrained")
    axes = figure.add_subplot()
    means, deviations = ([f(_main(r)) for r in results] for f in (np.mean, np.std))
    axes.barh([r["space"] for r in results], means, xerr=deviations, color="#4c78a8", ecolor="#222", capsize=2)
    for y, mean in enumerate(means):
        axes.text(0.002, y, f"{mean:.3f}", va="center", color="white", fontsize=8)
    axes.set_xlabel(f"{_name_of_main(results[0])}; lines: standard deviation over seeds")
    return _svg(figure, axes)


def _against_time(results: Sequence[Result]) -> str:
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    for result in results:
        seconds, mean = np.median(result["fit_seconds"]), np.mean(_main(result))
        axes.scatter([seconds], [mean], color="#4c78a8")
        axes.annotate(result["space"], (seconds, mean), textcoords="offset points", xytext=(5, 3), fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel("seconds of a fit, one thread")
    axes.set_ylabel(_name_of_main(results[0]))
    return _svg(figure, axes)


def _precision_recall(results: Sequence[Result], queries: Mapping[str, SeedQueries]) -> str:
    directions = list(results[0]["map"])
    figure = Figure(figsize=(4.5 * len(directions), 4.5), layout="constrained")
    panels = figure.subplots(1, len(directions), squeeze=False, sharey=True)[0]
    for panel, direction in zip(panels, directions, strict=True):
        for i, result in enumerate(results[::-1]):
            curve = np.mean([arrays[f"{direction}/precision"] for arrays in queries[result["space"]]], axis=0)
            style = {"color": f"C{i % COLOURS}", "linestyle": LINES[i // COLOURS % len(LINES)]}
            panel.plot(LEVELS, curve, label=result["space"], linewidth=1, **style)
        panel.set(title=direction, xlabel="recall", ylabel="interpolated precision" if panel is panels[0] else "")
    panels[-1].legend(fontsize=6, ncols=2)
    without_formulas(figure)
    return _svg(figure, *panels)


def _classes(results: Sequence[Result], queries: Mapping[str, SeedQueries], labels: Sequence[Any]) -> str:
    names = sorted({label for label in labels if label is not None}, key=str)
    of = np.array([names.index(label) if label is not None else -1 for label in labels])
    table = np.zeros((len(results), len(names)))
    for row, result in enumerate(results):
        per_class = []
        for arrays in queries[result["space"]]:
            for direction in result["map"]:
                classes, ap = of[arrays[f"{direction}/item"]], arrays[f"{direction}/ap"]
                per_class.append(
                    [np.nanmean(ap[classes == c]) if (classes == c).any() else np.nan for c in range(len(names))]
                )
        table[row] = np.nanmean(per_class, axis=0)
    figure = Figure(figsize=(0.6 * len(names) + 3, 0.32 * len(results) + 1.8), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(table, aspect="auto", cmap="viridis")
    axes.set_xticks(range(len(names)), [str(name) for name in names], rotation=45, ha="right")
    axes.set_yticks(range(len(results)), [r["space"] for r in results])
    figure.colorbar(image, label="mAP@all of the class, mean of directions and seeds")
    without_formulas(figure)
    return _svg(figure)


def _svg(figure: Figure, *panels: Axes) -> str:
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#ddd", linewidth=0.5)
        axes.set_axisbelow(True)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()[file.getvalue().index("<svg") :]
