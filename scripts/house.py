#!/usr/bin/env python3
r"""Tables of the house: long files and functions, public names that no guide uses, imports between stages.

    scripts/house.py            prints the tables
    scripts/house.py --check    prints what is out of bounds and exits 1 if anything is

Lines of a function are those of its code: its docstring is not counted, nor are the functions it holds. Blocks that
occur twice are found by pylint, which is not installed along:

    pip install pylint
    pylint --disable=all --enable=duplicate-code --min-similarity-lines=8 --ignore-imports=y --ignore-docstrings=y \
        --ignore-signatures=y src/commonspace
"""

from __future__ import annotations

import argparse
import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "commonspace"

MOST_LINES_OF_A_FILE = 350
MOST_LINES_OF_A_FUNCTION = 55

CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
"""Blocks and words of code on a page."""


class Length(NamedTuple):
    """A file or a function and how many lines it has."""

    lines: int
    name: str


def file_lengths(package: Path) -> list[Length]:
    """Every file of Python and of the page, the longest first."""
    found = (path for ending in ("py", "js", "css", "html") for path in package.rglob(f"*.{ending}"))
    return _longest_first(
        Length(len(path.read_text(encoding="utf-8").splitlines()), path.relative_to(package).as_posix())
        for path in found
    )


def function_lengths(package: Path) -> list[Length]:
    """Every function and method, the longest first."""
    return _longest_first(
        Length(lines, f"{path.relative_to(package).as_posix()}: {name}")
        for path in package.rglob("*.py")
        for name, lines in _functions(ast.parse(path.read_text(encoding="utf-8")))
    )


def _longest_first(lengths: Iterable[Length]) -> list[Length]:
    return sorted(lengths, key=lambda length: (-length.lines, length.name))


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{child.name}", len(_own_lines(child))
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix)


def _own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    docstring = function.body[:1] if ast.get_docstring(function) is not None else []
    own = _lines(function)
    for part in docstring:
        own -= _lines(part)
    return own


def _lines(node: ast.stmt) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def public_names(package: Path) -> dict[str, list[str]]:
    """Module below the package -> the names in its `__all__`; "" is the package itself.

    Where `__all__` is put together from elsewhere, they are those that type checkers are told of.
    """
    found = {}
    for path in sorted(package.rglob("__init__.py")):
        module = ".".join(path.parent.relative_to(package).parts)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["__all__"]:
                composed = any(isinstance(e, ast.Starred) for e in ast.walk(node.value))
                names = _for_type_checkers(path) if composed else ast.literal_eval(node.value)
                found[module] = [name for name in names if not name.startswith("_")]
    return found


def _for_type_checkers(path: Path) -> list[str]:
    blocks = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.If)]
    return [
        alias.name
        for block in blocks
        if ast.unparse(block.test) == "TYPE_CHECKING"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def unused_names(package: Path, pages: Iterable[Path]) -> list[str]:
    """Public names that occur in the code of none of the pages, as "module.name"; what prose says is no use of them."""
    code = (part for page in pages for part in CODE.findall(page.read_text(encoding="utf-8")))
    words = {word for part in code for word in re.findall(r"\w+", part)}
    return [
        f"{module}.{name}" for module, names in public_names(package).items() for name in names if name not in words
    ]


def guides() -> list[Path]:
    """The pages that people wrote: those of the API, and the history, name everything anyway."""
    pages = {*ROOT.glob("docs/**/*.md"), ROOT / "README.md"} - {*ROOT.glob("docs/api/*.md"), ROOT / "docs/changelog.md"}
    return sorted(pages)


def out_of_bounds(package: Path) -> list[str]:
    """What is longer than it may be."""
    bounds = (
        (file_lengths(package), MOST_LINES_OF_A_FILE),
        (function_lengths(package), MOST_LINES_OF_A_FUNCTION),
    )
    return [
        f"{length.name} has {length.lines} lines, {most} are the most: say it shorter, or in two"
        for lengths, most in bounds
        for length in lengths
        if length.lines > most
    ]


def table(title: str, lengths: list[Length], most: int, shown: int = 10) -> str:
    """The longest, and where the others are."""
    sizes = [length.lines for length in lengths]
    near = Counter("to 50" if n <= 50 else "to 150" if n <= 150 else "to 300" if n <= 300 else "above" for n in sizes)
    spread = ", ".join(f"{near[name]} {name}" for name in ("to 50", "to 150", "to 300", "above") if near[name])
    head = f"{title}: {len(sizes)}, median {median(sizes):.0f} lines, at most {most} ({spread})"
    return "\n".join([head, *(f"  {length.lines:5d}  {length.name}" for length in lengths[:shown])])


def main(arguments: list[str] | None = None, *, package: Path = PACKAGE) -> int:
    """Prints the tables, or what is out of bounds; 1 where a check fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="print only what is out of bounds; exit 1 if anything is")
    if parser.parse_args(arguments).check:
        broken = out_of_bounds(package)
        print("\n".join(broken), end="\n" if broken else "")
        return 1 if broken else 0
    print(table("Files", file_lengths(package), MOST_LINES_OF_A_FILE), end="\n\n")
    print(table("Functions", function_lengths(package), MOST_LINES_OF_A_FUNCTION), end="\n\n")
    names = public_names(package)
    print(f"Public names: {sum(map(len, names.values()))} in {len(names)} modules; in no guide, only in the API:")
    print("\n".join(f"  {name}" for name in unused_names(package, guides())))
    print(
        "\nImports between stages: docs/images/structure.svg; tests/test_structure.py keeps them one way, no circles."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
