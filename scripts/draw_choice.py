#!/usr/bin/env python3
"""Draws which method to choose, as questions to answer from top to bottom.

scripts/draw_choice.py            writes docs/images/choice.svg
scripts/draw_choice.py --check    exits 1 if that file is not what would be written
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from drawing_file import write_or_check

DRAWING = Path(__file__).parents[1] / "docs" / "images" / "choice.svg"

# Lengths are in SVG user units, about one pixel.
WIDTH, LEFT, ASK, GAP, HEIGHT, STEP, TOP = 780, 16, 300, 64, 52, 78, 16
STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c2430; font-size: 13px; }
.name { font-weight: 600; }
.small { font-size: 12px; fill: #56606e; }
.ask { fill: #edf2ff; stroke: #748ffc; }
.take { fill: #ebfbee; stroke: #69db7c; }
.arrow { fill: none; stroke: #56606e; stroke-width: 1.5; }
""".strip()

QUESTIONS = (
    (
        ("Does the same content mean something", "else at another time?"),
        ("Diachronic", "SoftSmoothing, if time is known in training only"),
    ),
    (
        ("One vector of all that an item has,", "to predict or to ask with several?"),
        ("EarlyFusion, then MultimodalAutoencoder", "MVAE, FusionTransformer; LateFusion to predict a target"),
    ),
    (
        ("Are right answers things of the same", "class, and do you have labels?"),
        ("SemanticMatching, JRL, LGCFL, SCM; DeepSM", "of strong features also DSCMR, SAM, Prototype"),
    ),
    (
        ("More than two modalities,", "or items that lack some?"),
        ("MCCA; GCCA where some are missing", "of many items Contrastive"),
    ),
    (
        ("Fewer than some thousand pairs,", "or a result in seconds?"),
        ("CCA, then KCCA", "both do well on a thousand items"),
    ),
)
"""A question, two lines; the methods to take if it is answered with yes, and a note."""

LAST = ("Contrastive", "and an Ensemble of it with KCCA")


def draw() -> str:
    """The drawing as SVG; always the same bytes."""
    height = TOP + STEP * len(QUESTIONS) + HEIGHT + TOP
    told = "Questions from top to bottom; the first one that is answered with yes names the methods to begin with."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-labelledby="title">',
            f'<title id="title">{told}</title>',
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            *rows(),
            "</svg>",
            "",
        ]
    )


def rows() -> Iterator[str]:
    """A question and its answer each, and the end."""
    right = LEFT + ASK + GAP
    for number, (question, answer) in enumerate(QUESTIONS):
        y = TOP + number * STEP
        yield from box(LEFT, y, ASK, "ask", question, ("text", "text"))
        yield from box(right, y, WIDTH - right - LEFT, "take", answer, ("name", "small"))
        middle = y + HEIGHT / 2
        yield f'<path class="arrow" d="M{LEFT + ASK} {middle}h{GAP - 2}m-6 -4l6 4l-6 4"/>'
        yield f'<text class="small" x="{LEFT + ASK + 18}" y="{middle - 6}">yes</text>'
        yield f'<path class="arrow" d="M{LEFT + ASK / 2} {y + HEIGHT}v{STEP - HEIGHT - 2}m-4 -6l4 6l4 -6"/>'
        yield f'<text class="small" x="{LEFT + ASK / 2 + 8}" y="{y + HEIGHT + 17}">no</text>'
    yield from box(LEFT, TOP + len(QUESTIONS) * STEP, ASK, "take", LAST, ("name", "small"))


def box(x: float, y: float, width: float, style: str, lines: tuple[str, str], styles: tuple[str, str]) -> Iterator[str]:
    """Two lines in a frame."""
    yield f'<rect class="{style}" x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="6"/>'
    for number, (line, of) in enumerate(zip(lines, styles, strict=True)):
        yield f'<text class="{of}" x="{x + 12}" y="{y + 22 + 18 * number}">{line}</text>'


def main(arguments: list[str] | None = None, *, drawing: Path = DRAWING) -> int:
    """Writes or checks the drawing; 1 where a check fails."""
    return write_or_check("Draws which method to choose.", draw, drawing, "draw_choice.py", arguments)


if __name__ == "__main__":
    raise SystemExit(main())
