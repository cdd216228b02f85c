#!/usr/bin/env python3
"""Draws what linear, kernel and deep methods are for, on planted data: docs/images/{linear,kernel,deep}.svg.

    scripts/draw_method_ideas.py

The points and the correlations are those of the package, with fixed seeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace import CCA, CFA, KCCA, Contrastive
from commonspace.spaces import Space
from commonspace.spaces.linear.base import LinearSpace

IMAGES = Path(__file__).parents[1] / "docs" / "images"

Array = NDArray[Any]

# Lengths are in SVG user units, about one pixel.
SIDE, GAP, MARGIN, TOP, BOTTOM, DOT = 220, 44, 34, 62, 62, 2.6
NEAR, FAR = (24, 78, 171), (247, 140, 0)
STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c2430; }
.title { font-size: 14px; font-weight: 600; text-anchor: middle; }
.label { font-size: 12px; fill: #56606e; text-anchor: middle; }
.frame { fill: #f8f9fb; stroke: #ced4da; }
""".strip()


def circles(n: int, seed: int) -> dict[str, Array]:
    """A picture is a point at some distance from the middle, its text tells the distance."""
    rng = np.random.default_rng(seed)
    radius, angle = rng.uniform(0.3, 2, n), rng.uniform(0, 2 * np.pi, n)
    point = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    told = radius + 0.05 * rng.standard_normal(n)
    return {"image": point + 0.05 * rng.standard_normal((n, 2)), "text": np.column_stack([told, rng.random(n)])}


def fine_and_coarse(n: int, seed: int) -> dict[str, Array]:
    """Two columns in each view: one of little variance that both share, one of much that they share loosely."""
    rng = np.random.default_rng(seed)
    fine, coarse = rng.standard_normal((2, n))
    return {
        modality: np.column_stack([3 * (coarse + rng.standard_normal(n)), 0.5 * (fine + 0.1 * rng.standard_normal(n))])
        for modality in ("image", "text")
    }


def rings(n: int, seed: int) -> tuple[dict[str, Array], Array]:
    """Three classes that are rings in both views: the smallest in one is the largest in the other."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    views = {}
    for modality, radius in (("image", 1.0 + labels), ("text", 3.0 - labels)):
        angle = rng.uniform(0, 2 * np.pi, n)
        point = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        views[modality] = point + 0.12 * rng.standard_normal((n, 2))
    return views, labels


def deep() -> str:
    """CCA and a deep space where all that is shared is the class, and the class is a ring."""
    train, (new, labels) = rings(1500, 0)[0], rings(240, 1)
    told = (
        "Left, images whose classes are three rings; their texts are rings as well, in another order. In the space of "
        "CCA images and texts of one class lie all over; in that of Contrastive, learnt from pairs alone, together."
    )
    both = np.concatenate([labels, labels]).astype(float)
    panels = [panel(0, new["image"], labels.astype(float), "Images, coloured by class", "column 1", "column 2")]
    spaces: tuple[Space, ...] = (
        CCA(2, normalize=False),
        Contrastive(
            2, hidden_sizes=(128,), noise=0, dropout=0, batch_size=64, max_epochs=60, learning_rate=3e-3, random_state=0
        ),
    )
    for place, space in enumerate(spaces, start=1):
        z = space.fit(train).transform(new)
        title = f"{type(space).__name__}: mAP {space.score(new, labels):.2f}"
        points = np.concatenate([z["image"], z["text"]]).astype(float)
        panels.append(panel(place, points, both, title, "images and texts, dimension 1", "dimension 2"))
    return framed(panels, told, "Blue, grey and orange: the three classes.")


def kernel() -> str:
    """CCA and KCCA where what is shared is curved."""
    train, new = circles(1000, 0), circles(260, 1)
    told = (
        "Left, items whose image is a point and whose text tells its distance from the middle. No line through the "
        "points follows the distance, so the first directions of CCA hardly correlate; those of KCCA do."
    )
    spaces = (CCA(1, normalize=False), KCCA(1, normalize=False))
    return draw(train, new, spaces, new["text"][:, 0], told, "Blue: a small distance; orange: a large one.")


def linear() -> str:
    """CCA and CFA where what is shared best varies little."""
    train, new = fine_and_coarse(1000, 0), fine_and_coarse(260, 1)
    told = (
        "Left, items whose images vary much along column 1, which their texts share loosely, and little along column "
        "2, which they share closely. The first directions of CFA follow the variance, those of CCA the correlation."
    )
    spaces = (CFA(1, standardise=False, normalize=False), CCA(1, ridge=0, normalize=False))
    return draw(train, new, spaces, new["text"][:, 1], told, "Blue and orange: low and high in column 2 of the text.")


def draw(
    train: dict[str, Array],
    new: dict[str, Array],
    spaces: Iterable[LinearSpace | KCCA],
    colour: Array,
    told: str,
    legend: str,
) -> str:
    """The drawing as SVG: new items as they are, and by the first direction of each space."""
    panels = [panel(0, new["image"][:, :2], colour, "Images, coloured by their texts", "column 1", "column 2")]
    for place, space in enumerate(spaces, start=1):
        z = space.fit(train).transform(new)
        points = np.column_stack([z["image"][:, 0], z["text"][:, 0]])
        correlation = abs(np.corrcoef(points[:, 0], points[:, 1])[0, 1])
        title = f"{type(space).__name__}: correlation {correlation:.2f}"
        panels.append(panel(place, points, colour, title, "image, first direction", "text, first direction"))
    return framed(panels, told, legend)


def framed(panels: list[str], told: str, legend: str) -> str:
    """Panels side by side as one SVG."""
    width, height = 2 * MARGIN + 3 * SIDE + 2 * GAP, TOP + SIDE + BOTTOM
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-labelledby="title">',
            f'<title id="title">{told}</title>',
            f"<style>{STYLE}</style>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *panels,
            f'<text class="label" x="{width / 2}" y="{height - 12}">New items, none of which was learnt from. '
            f"{legend}</text>",
            "</svg>",
            "",
        ]
    )


def panel(place: int, points: Array, values: Array, title: str, across: str, up: str) -> str:
    """A square with a scatter in it."""
    left = MARGIN + place * (SIDE + GAP)
    low, high = points.min(0), points.max(0)
    spots = 12 + (SIDE - 24) * (points - low) / (high - low)
    shades = (values - values.min()) / np.ptp(values)
    middle = left + SIDE / 2
    return "\n".join(
        [
            f'<text class="title" x="{middle}" y="{TOP - 16}">{title}</text>',
            f'<rect class="frame" x="{left}" y="{TOP}" width="{SIDE}" height="{SIDE}" rx="6"/>',
            *dots(left + spots[:, 0], TOP + SIDE - spots[:, 1], shades),
            f'<text class="label" x="{middle}" y="{TOP + SIDE + 18}">{across}</text>',
            f'<text class="label" transform="translate({left - 9} {TOP + SIDE / 2}) rotate(-90)">{up}</text>',
        ]
    )


def dots(x: Array, y: Array, shades: Array) -> Iterable[str]:
    """One circle per item, from blue to orange, which colour-blind readers tell apart too."""
    for a, b, shade in zip(x, y, shades, strict=True):
        red, green, blue = (round(low + shade * (high - low)) for low, high in zip(NEAR, FAR, strict=True))
        yield f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{DOT}" fill="#{red:02x}{green:02x}{blue:02x}"/>'


def main() -> None:
    """Writes the drawings."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for drawn in (linear, kernel, deep):
        (IMAGES / f"{drawn.__name__}.svg").write_text(drawn(), encoding="utf-8")


if __name__ == "__main__":
    main()
