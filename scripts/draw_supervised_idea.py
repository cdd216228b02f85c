#!/usr/bin/env python3
"""Draws the idea of label spaces: columns are kept or dropped, modalities meet in predicted label vectors.

scripts/draw_supervised_idea.py            writes docs/images/supervised.svg
scripts/draw_supervised_idea.py --check    exits 1 if that file is not what would be written
"""

from __future__ import annotations

from pathlib import Path

from drawing_file import write_or_check

DRAWING = Path(__file__).parents[1] / "docs" / "images" / "supervised.svg"

# Lengths are in SVG user units, about one pixel.
WIDTH, HEIGHT, CELL, GAP = 760, 430, 16, 3
LEFT, FIRST, SECOND, SPACE = 20, 88, 244, 500
CLASSES = (("sea", "#0b7285"), ("hill", "#2b8a3e"), ("town", "#9c5100"))
DROPPED = "#dee2e6"
STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c2430; font-size: 13px; }
.name { font-weight: 600; }
.small { font-size: 11px; fill: #56606e; }
.formula { font-style: italic; }
.arrow { fill: none; stroke: #56606e; stroke-width: 1.5; }
""".strip()

VIEWS = {
    "image": (FIRST, [("colour", 3, True), ("texture", 4, False), ("shape", 3, True)]),
    "text": (SECOND, [("words", 2, True), ("names", 3, False), ("length", 1, False), ("places", 3, True)]),
}
"""Modality -> where it stands, and its groups of columns: name, width, whether it is kept."""


def draw() -> str:
    """The drawing as SVG; always the same bytes."""
    body = [
        text(LEFT, 34, "Columns of a view", "name"),
        text(LEFT, 51, "grey: groups whose weights the penalty draws to zero", "small"),
        text(SPACE, 34, "Predicted label vectors", "name"),
        text(SPACE, 51, "where both modalities are compared", "small"),
    ]
    for modality, (top, groups) in VIEWS.items():
        body += view(modality, top, groups)
    body += space(SPACE, 78)
    body.append(
        text(LEFT, HEIGHT - 18, "Labels alone link the modalities in LGCFL; JRL adds pairs and neighbours.", "small")
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            'role="img" aria-labelledby="title">',
            '<title id="title">Each modality keeps some groups of its columns and predicts label vectors from them; '
            "images and texts of one class meet on the axis of that class</title>",
            f"<style>{STYLE}</style>",
            "<defs>",
            '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5 L8 4 L0 7.5 Z" fill="#56606e"/></marker>',
            "</defs>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def view(modality: str, top: float, groups: list[tuple[str, int, bool]]) -> list[str]:
    """A view of six items, its groups named below, and an arrow to the space."""
    x, colour = LEFT + 50.0, "#3b5bdb" if modality == "image" else "#a61e4d"
    out = [text(LEFT, top + 3 * (CELL + GAP) + 3, modality, "name")]
    for name, width, kept in groups:
        for column in range(width):
            for row in range(6):
                fill, opacity = (colour, 0.35 + 0.13 * ((row * 3 + column * 5) % 6)) if kept else (DROPPED, 1)
                out.append(
                    f'<rect x="{x + column * (CELL + GAP):.0f}" y="{top + row * (CELL + GAP)}" width="{CELL}" '
                    f'height="{CELL}" rx="2" fill="{fill}" opacity="{opacity:.2f}"/>'
                )
        middle = x + (width * (CELL + GAP) - GAP) / 2
        out.append(text(middle, top + 6 * (CELL + GAP) + 12, name, "small", anchor="middle"))
        x += width * (CELL + GAP) + 12
    y, weight = top + 3 * (CELL + GAP) - 2, {"image": "U image", "text": "U text"}[modality]
    out.append(f'<path class="arrow" d="M{x + 4:.0f} {y} H{SPACE - 30}" marker-end="url(#head)"/>')
    out.append(text((x + SPACE - 26) / 2, y - 8, f"&#215; {weight}", "formula", anchor="middle"))
    return out


def space(left: float, top: float) -> list[str]:
    """Three axes from one point; items of both modalities near the axis of their class."""
    origin_x, origin_y = left + 108, top + 170
    ends = ((origin_x + 4, top + 8), (origin_x + 112, top + 244), (origin_x - 104, top + 244))
    out = []
    for (name, colour), (x, y) in zip(CLASSES, ends, strict=True):
        out.append(f'<path class="arrow" d="M{origin_x} {origin_y} L{x} {y}" marker-end="url(#head)"/>')
        out.append(text(x + (12 if y < origin_y else -12), y + (4 if y < origin_y else 20), name, "name"))
        for i, (along, across) in enumerate(((0.55, 11), (0.68, -12), (0.8, 10), (0.62, -3), (0.88, -9), (0.74, 3))):
            px, py = origin_x + along * (x - origin_x), origin_y + along * (y - origin_y)
            dx, dy = -(y - origin_y), x - origin_x
            length = (dx * dx + dy * dy) ** 0.5
            px, py = px + across * dx / length, py + across * dy / length
            out.append(
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="5" fill="{colour}"/>'
                if i % 2
                else f'<rect x="{px - 4.5:.1f}" y="{py - 4.5:.1f}" width="9" height="9" fill="{colour}"/>'
            )
    legend = top + 284
    out.append(f'<rect x="{left + 28}" y="{legend - 9}" width="9" height="9" fill="#56606e"/>')
    out.append(text(left + 43, legend, "image", "small"))
    out.append(f'<circle cx="{left + 106}" cy="{legend - 4}" r="5" fill="#56606e"/>')
    out.append(text(left + 117, legend, "text", "small"))
    return out


def text(x: float, y: float, content: str, style: str, *, anchor: str = "start") -> str:
    """One line of text."""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{content}</text>'


def main(arguments: list[str] | None = None, *, drawing: Path = DRAWING) -> int:
    """Writes or checks the drawing; 1 where a check fails."""
    return write_or_check("Draws the idea of label spaces.", draw, drawing, "draw_supervised_idea.py", arguments)


if __name__ == "__main__":
    raise SystemExit(main())
