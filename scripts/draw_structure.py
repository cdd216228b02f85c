#!/usr/bin/env python3
"""Draws the stages of the package and the imports between them, from the source alone.

    scripts/draw_structure.py            writes docs/images/structure.svg
    scripts/draw_structure.py --check    exits 1 if that file is not what would be written

Every import statement counts: absolute or relative, at the top of a module, inside a function or for type checkers
only. Names that are loaded by a string, as registries do, are not seen.
"""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from drawing_file import write_or_check

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "commonspace"
DRAWING = ROOT / "docs" / "images" / "structure.svg"

STAGES = (
    "metrics",
    "data",
    "encoders",
    "catalogue",
    "training",
    "spaces",
    "evaluation",
    "bench",
    "timeline",
    "collection",
    "reasoning",
    "scale",
    "server",
    "cli",
)
"""From left to right: a stage imports from those on its left only. Those that have no folder yet are left out."""

FOUNDATION = ("errors", "files", "lazy", "progress", "threads")
"""Modules that every stage may import and that import no stage."""


@dataclass(frozen=True)
class Import:
    """One module importing another, below the package: "spaces.base" imports "metrics.labels".

    Attributes:
        source: The module that imports; "" is the package itself.
        target: The module that is imported.
        line: Where.
        at_load: Whether it happens when the source is loaded, and not in a function or for type checkers only.
    """

    source: str
    target: str
    line: int
    at_load: bool


def part_of(module: str) -> str:
    """The stage or foundation module that a module belongs to: "spaces" for "spaces.linear.cca"."""
    return "cli" if module == "__main__" else module.partition(".")[0]


def modules(package: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name below it; a subpackage goes by its own name, the package by ""."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def stages(package: Path) -> list[str]:
    """The stages that there are, from left to right."""
    there = {part_of(module) for module in modules(package)}
    return [stage for stage in STAGES if stage in there]


def imports(package: Path) -> list[Import]:
    """Every import of one module of the package by another."""
    known = modules(package)
    trees = {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in known.items()}
    homes = _public_names(trees.get("", ast.Module([], [])))
    found = []
    for module, tree in trees.items():
        folder = module.split(".") if known[module].name == "__init__.py" else module.split(".")[:-1]
        for statement, at_load in _statements(tree, at_load=True):
            for target in _targets(statement, [part for part in folder if part], package.name, tree):
                resolved = _resolve(target, known, homes)
                if resolved and resolved != module:
                    found.append(Import(module, resolved, statement.lineno, at_load))
    return found


def _statements(node: ast.AST, *, at_load: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, at_load
        else:
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            )
            yield from _statements(child, at_load=at_load and not later)


def _targets(statement: ast.Import | ast.ImportFrom, folder: list[str], package: str, tree: ast.AST) -> Iterator[str]:
    """What a statement names, below the package; for `from x import y` that is x.y.

    Where the package is imported as a whole, it is what the module uses of it.
    """
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            base = statement.module.split(".") if statement.module else []
            if statement.level:
                base = [package, *folder[: len(folder) - statement.level + 1], *base]
            name = [*base, alias.name]
        elif alias.name == package:
            yield from _attributes(tree, alias.asname or alias.name)
            continue
        else:
            name = alias.name.split(".")
        if name[0] == package:
            yield ".".join(name[1:])


def _attributes(tree: ast.AST, name: str) -> list[str]:
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }
    return sorted(used)


def _resolve(target: str, known: Mapping[str, Path], homes: Mapping[str, str]) -> str:
    """The module of a dotted name: itself, the one that holds the name, or where a public name really lives."""
    while target and target not in known:
        if target in homes:
            return homes[target]
        target = target.rpartition(".")[0]
    return target


def _public_names(tree: ast.AST) -> dict[str, str]:
    """Name -> module, for what the package re-exports: importing it from the package imports that module."""
    return {
        alias.asname or alias.name: statement.module
        for statement, _ in _statements(tree, at_load=True)
        if isinstance(statement, ast.ImportFrom) and statement.level == 1 and statement.module
        for alias in statement.names
    }


def counts(package: Path) -> Counter[tuple[str, str]]:
    """(importing part, imported part) -> number of import statements. The package's own re-exports are left out."""
    statements = {(i.source, i.line, part_of(i.source), part_of(i.target)) for i in imports(package) if i.source}
    return Counter((source, target) for _, _, source, target in statements if source != target)


# The drawing. Lengths are in SVG user units, about one pixel.

PITCH, WIDTH, HEIGHT = 104, 88, 50
MARGIN, STEP, BAR = 20, 36, 40
COLOURS = ("#3b5bdb", "#0b7285", "#2b8a3e", "#9c5100", "#a61e4d", "#6741d9", "#1864ab", "#5c940d", "#862e9c", "#495057")
STYLE = """
text { font-family: system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1c2430; }
.name { font-size: 13px; font-weight: 600; text-anchor: middle; }
.size { font-size: 11px; fill: #56606e; text-anchor: middle; }
.count { font-size: 12px; text-anchor: middle; }
.arrow { fill: none; }
""".strip()


def draw(package: Path) -> str:
    """The drawing as SVG: the same source gives the same bytes."""
    names, edges = stages(package), counts(package)
    sizes = Counter(part_of(module) for module, path in modules(package).items() if path.name != "__init__.py")
    between = {(s, t): n for (s, t), n in edges.items() if s in names and t in names}
    reach = max((abs(names.index(s) - names.index(t)) for s, t in between), default=0)
    top = MARGIN + 16 + STEP * reach
    width, bar = 2 * MARGIN + PITCH * len(names) - (PITCH - WIDTH), top + HEIGHT + 62
    height = bar + BAR + MARGIN + 18
    legend = "An arrow points from what imports to what is imported, with the number of import statements."
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    body = [_arc(names, between, s, t, top, colour[t]) for s, t in _longest_first(names, between)]
    for i, name in enumerate(names):
        x = MARGIN + PITCH * i
        used = sum(n for (s, t), n in edges.items() if s == name and t in FOUNDATION)
        if used:
            body.append(_straight(x + WIDTH / 2, top + HEIGHT, bar, used))
        body.append(_box(x, top, WIDTH, HEIGHT, name, _plural(sizes[name], "module"), colour[name]))
    body.append(_box(MARGIN, bar, width - 2 * MARGIN, BAR, "   ".join(FOUNDATION), "", "#56606e"))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-labelledby="title">',
            '<title id="title">The stages of commonspace from left to right; an arrow points from the stage that '
            "imports to the one that is imported and tells the number of import statements</title>",
            f"<style>{STYLE}</style>",
            "<defs>",
            *(_head(c) for c in dict.fromkeys([*colour.values(), "#868e96"])),
            "</defs>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            *body,
            f'<text class="size" x="{width / 2}" y="{height - 14}">{legend}</text>',
            "</svg>",
            "",
        ]
    )


def _longest_first(names: list[str], between: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    return sorted(between, key=lambda e: (-abs(names.index(e[0]) - names.index(e[1])), names.index(e[0])))


def _arc(
    names: list[str], between: Mapping[tuple[str, str], int], source: str, target: str, top: float, colour: str
) -> str:
    start, end = _port(names, between, source, target, at=source), _port(names, between, source, target, at=target)
    rise = 4 / 3 * (STEP * abs(names.index(source) - names.index(target)))  # a cubic curve rises to 3/4 of its handles
    count = between[source, target]
    path = f"M{start:.1f} {top} C{start:.1f} {top - rise:.1f} {end:.1f} {top - rise:.1f} {end:.1f} {top - 7}"
    middle = (start + end) / 2
    return (
        f'<path class="arrow" d="{path}" stroke="{colour}" stroke-width="{_thickness(count)}" '
        f'marker-end="url(#head{colour[1:]})"/>' + _label(middle, top - 0.75 * rise - 2, count)
    )


def _port(names: list[str], between: Mapping[tuple[str, str], int], source: str, target: str, *, at: str) -> float:
    """Where an arc meets the top of a box: arcs to the left on its left side, the longest of them innermost."""
    here = names.index(at)

    def bearing(edge: tuple[str, str]) -> tuple[bool, float]:
        other = names.index(edge[1] if edge[0] == at else edge[0]) - here
        return other > 0, -other

    touching = sorted((edge for edge in between if at in edge), key=bearing)
    room = WIDTH - 20
    return MARGIN + PITCH * here + 10 + room * (touching.index((source, target)) + 0.5) / len(touching)


def _straight(x: float, top: float, bottom: float, count: int) -> str:
    return (
        f'<path class="arrow" d="M{x:.1f} {top} V{bottom - 7}" stroke="#868e96" '
        f'stroke-width="{_thickness(count)}" marker-end="url(#head868e96)"/>' + _label(x, (top + bottom) / 2 - 2, count)
    )


def _label(x: float, y: float, count: int) -> str:
    width = 5 + 8 * len(str(count))
    return (
        f'<rect x="{x - width / 2:.1f}" y="{y - 8:.1f}" width="{width}" height="16" fill="#fff"/>'
        f'<text class="count" x="{x:.1f}" y="{y + 4.3:.1f}">{count}</text>'
    )


def _box(x: float, y: float, width: float, height: float, name: str, size: str, colour: str) -> str:
    middle, baseline = x + width / 2, y + height / 2 + (-2 if size else 5)
    text = f'<text class="name" x="{middle:.1f}" y="{baseline:.1f}" xml:space="preserve">{name}</text>'
    if size:
        text += f'<text class="size" x="{middle:.1f}" y="{baseline + 16:.1f}">{size}</text>'
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="#f8f9fb" stroke="{colour}" '
        f'stroke-width="1.5"/>{text}'
    )


def _head(colour: str) -> str:
    return (
        f'<marker id="head{colour[1:]}" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="8" markerHeight="8" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5 L8 4 L0 7.5 Z" fill="{colour}"/></marker>'
    )


def _thickness(count: int) -> str:
    return f"{1 + 0.5 * math.log2(count):.2f}"


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def main(arguments: list[str] | None = None, *, package: Path = PACKAGE, drawing: Path = DRAWING) -> int:
    """Writes or checks the drawing; 1 where a check fails."""
    return write_or_check(
        "Draws the stages of the package and the imports between them.",
        lambda: draw(package),
        drawing,
        "draw_structure.py",
        arguments,
    )


if __name__ == "__main__":
    raise SystemExit(main())
