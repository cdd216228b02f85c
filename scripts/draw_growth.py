#!/usr/bin/env python3
"""Draws how fits take longer as data grows: docs/images/growth.svg, from benchmarks/results/linear_growth.json.

    scripts/draw_growth.py          write the drawing
    scripts/draw_growth.py --check  write nothing; exit 1 if the drawing is out of date

The figures are measured by benchmarks/linear_growth.py.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drawing_file import write_or_check

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "linear_growth.json"
DRAWING = ROOT / "docs" / "images" / "growth.svg"

# Lengths are in SVG user units, about one pixel.
WIDTH, HEIGHT, LEFT, TOP, GAP, BELOW = 330, 300, 56, 52, 218, 52
LEGEND, STEP = 20, 18
LEAST, MOST = 1e-3, 1e2
"""Seconds at the bottom and at the top."""
COLOURS = {"linear": "#184eab", "kernel": "#f78c00", "supervised": "#0b7a53"}
FAMILY = {
    **dict.fromkeys(("CCA", "MCCA", "GCCA", "PLS", "CFA"), "linear"),
    **dict.fromkeys(("KCCA, exact", "KCCA, Nystroem"), "kernel"),
}
DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4")
STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c2430; }
.title { font-size: 14px; font-weight: 600; text-anchor: middle; }
.label { font-size: 12px; fill: #56606e; }
.name { font-size: 12px; }
.frame { fill: #f8f9fb; stroke: #ced4da; }
.grid { stroke: #e3e6ea; }
""".strip()
TOLD = (
    "Seconds to fit each space, on logarithmic scales: left as rows are added, right as columns are. Beside each name "
    "stands the exponent with which the time grows over the last sizes."
)


def draw(results: dict[str, Any]) -> str:
    """The drawing as SVG."""
    fixed = results["fixed"]
    titles = {
        "rows": f"Rows, at {fixed['columns of each view']} columns in each view",
        "columns": f"Columns in each view, at {fixed['rows']:,} rows",
    }
    width = 2 * (LEFT + WIDTH + GAP)
    height = TOP + HEIGHT + BELOW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title">',
        f'<title id="title">{TOLD}</title>',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for place, (grows, title) in enumerate(titles.items()):
        lines = [line for line in results["lines"] if line["grows"] == grows]
        parts += panel(place * (LEFT + WIDTH + GAP) + LEFT, lines, title)
    return "\n".join([*parts, "</svg>", ""])


def panel(left: float, lines: list[dict[str, Any]], title: str) -> Iterator[str]:
    """One frame with its lines, and their names beside it, the slowest first."""
    sizes = sorted({size for line in lines for size in line["sizes"]})
    across, up = (math.log(sizes[0]), math.log(sizes[-1])), (math.log(LEAST), math.log(MOST))

    def x(size: float) -> float:
        return left + 12 + (WIDTH - 24) * (math.log(size) - across[0]) / (across[1] - across[0])

    def y(seconds: float) -> float:
        return TOP + HEIGHT * (up[1] - math.log(seconds)) / (up[1] - up[0])

    yield f'<text class="title" x="{left + WIDTH / 2}" y="{TOP - 18}">{title}</text>'
    yield f'<rect class="frame" x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    for power in range(round(math.log10(LEAST)), round(math.log10(MOST)) + 1):
        at = y(10.0**power)
        yield f'<path class="grid" d="M{left} {at:.1f}H{left + WIDTH}"/>'
        yield text(left - 8, at + 4, f"{10.0**power:g} s", "label", anchor="end")
    for size in sizes[:: 2 if len(sizes) > 5 else 1]:
        yield text(x(size), TOP + HEIGHT + 20, f"{size:,}", "label", anchor="middle")
    used: dict[str, int] = {}
    order = sorted(lines, key=lambda line: -expected(line, sizes[-1]))
    dashes = {}
    for line in lines:
        family = FAMILY.get(line["space"], "supervised")
        dashes[line["space"]] = (COLOURS[family], DASHES[used.setdefault(family, 0)])
        used[family] += 1
    for number, line in enumerate(order):
        colour, dash = dashes[line["space"]]
        stroke = f'fill="none" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dash or "none"}"'
        points = " ".join(f"{x(n):.1f},{y(t):.1f}" for n, t in zip(line["sizes"], line["median_seconds"], strict=True))
        yield f'<polyline points="{points}" {stroke}/>'
        middle = TOP + LEGEND + number * STEP
        yield f'<path d="M{left + WIDTH + 14} {middle}h30" {stroke}/>'
        yield text(left + WIDTH + 50, middle + 4, f"{line['space']}: {line['exponent']:.1f}", "name")


def expected(line: dict[str, Any], size: int) -> float:
    """Seconds at a size, by the exponent where the line ends before."""
    return float(line["median_seconds"][-1] * (size / line["sizes"][-1]) ** line["exponent"])


def text(x: float, y: float, content: str, style: str, *, anchor: str = "start") -> str:
    """One line of text."""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{content}</text>'


def main(arguments: list[str] | None = None, *, drawing: Path = DRAWING) -> int:
    """Writes or checks the drawing; 1 where a check fails."""
    return write_or_check(
        "Draws how the time to fit grows.",
        lambda: draw(json.loads(RESULTS.read_text(encoding="utf-8"))),
        drawing,
        "draw_growth.py",
        arguments,
    )


if __name__ == "__main__":
    raise SystemExit(main())
