"""Curves of quality against what goes wrong with the data, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.files import save_figure


@dataclass(frozen=True)
class Curve:
    """Quality against one thing that goes wrong.

    Attributes:
        levels: (l,) how much of it, ascending.
        values: (repeats, l) the quality; NaN where too little was left to learn from.
    """

    levels: tuple[float, ...]
    values: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """(l,) over repeats."""
        return np.asarray(self.values.mean(0))

    @property
    def spread(self) -> NDArray[np.float64]:
        """(l,) standard deviations over repeats."""
        return np.asarray(self.values.std(0))

    @property
    def area(self) -> float:
        """The mean height of the curve from its first level to its last: its area by trapezoids over their distance."""
        width = self.levels[-1] - self.levels[0]
        return float(np.trapezoid(self.mean, self.levels) / width) if width else float(self.mean[0])


@dataclass(frozen=True)
class Robustness:
    """What `robustness` found.

    Attributes:
        space: The class of the space.
        quality: What the curves are of.
        curves: What goes wrong -> its curve.
    """

    space: str
    quality: str
    curves: Mapping[str, Curve]

    def __str__(self) -> str:
        """Each curve as a row of figures, and its area."""
        lines = [f"{self.space}: {self.quality}"]
        for name, curve in self.curves.items():
            points = "  ".join(f"{level:g}: {value:.3f}" for level, value in zip(curve.levels, curve.mean, strict=True))
            lines.append(f"{name:24}{points}  area {curve.area:.3f}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types; None where there is no number."""
        curves = {
            name: {
                "levels": list(curve.levels),
                "values": [[None if np.isnan(v) else float(v) for v in row] for row in curve.values],
                "area": None if np.isnan(curve.area) else curve.area,
            }
            for name, curve in self.curves.items()
        }
        return {"space": self.space, "quality": self.quality, "curves": curves}

    def plot(self, path: str | Path) -> None:
        """Draws the curves with their spread, by the ending of the path as SVG, PNG or PDF.

        Raises:
            InputError: If the path ends otherwise.
            StorageError: If the file cannot be written.
        """
        from matplotlib.figure import Figure  # takes half a second, and few draw

        figure = Figure(figsize=(3.2 * len(self.curves), 3), layout="constrained")
        panels = figure.subplots(1, len(self.curves), sharey=True, squeeze=False)[0]
        for axes, (name, curve) in zip(panels, self.curves.items(), strict=True):
            axes.errorbar(curve.levels, curve.mean, yerr=curve.spread, marker="o", markersize=4, capsize=2)
            axes.set_xlabel(name)
            axes.set_ylim(0, 1)
            axes.set_title(f"area {curve.area:.3f}", fontsize=9)
        panels[0].set_ylabel(self.quality)
        figure.suptitle(self.space, fontsize=10)
        save_figure(figure, path)
