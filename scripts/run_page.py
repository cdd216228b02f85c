#!/usr/bin/env python3
"""Runs the Python of a page of the documentation, block after block in one namespace, as a reader would.

    scripts/run_page.py docs/from-the-webinar.md            runs it in a temporary folder, tells what each block prints
    scripts/run_page.py docs/from-the-webinar.md --draw     and keeps the pictures that it makes in docs/images

A block that cannot run everywhere says why in a comment in the line before it: `<!-- not run: needs a GPU -->`. A block
of text right after a block of Python is what that prints.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import shutil
import tempfile
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
BLOCK = re.compile(
    r"(?:^ *<!-- not run: (?P<why>[^\n]+?) -->\n\s*)?"
    r"^(?P<indent> *)```python[^\n]*\n(?P<code>.*?)^(?P=indent)```\n"
    r"(?:\n?(?P=indent)```text\n(?P<told>.*?)^(?P=indent)```)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One block of Python of a page.

    Attributes:
        page: Its path.
        line: Where the code begins.
        code: The code.
        why_not: Why it is not run; None where it is.
        told: What the page says that it prints; None where it says nothing.
    """

    page: Path
    line: int
    code: str
    why_not: str | None
    told: str | None


def blocks_of(page: Path) -> list[Block]:
    """The blocks of Python of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        told = match["told"]
        found.append(
            Block(
                page,
                text.count("\n", 0, match.start("code")) + 1,
                textwrap.dedent(match["code"]),
                match["why"],
                None if told is None else textwrap.dedent(told).strip(),
            )
        )
    return found


def run(page: Path, names: dict[str, Any]) -> Iterator[tuple[Block, str]]:
    """Runs what can run of a page in the current folder, and gives each block with what it printed."""
    for block in blocks_of(page):
        if block.why_not is None:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):  # lines are counted as in the page, for tracebacks
                exec(compile("\n" * (block.line - 1) + block.code, str(page), "exec"), names)
            yield block, printed.getvalue().strip()


def main() -> None:
    """Runs a page, and keeps its pictures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("--draw", action="store_true", help="keep the pictures that the page shows")
    arguments = parser.parse_args()
    page = arguments.page.resolve()
    shown = set(re.findall(r"\]\((?:\.\./)?images/([^)]+)\)", page.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        began = time.process_time()
        for block, printed in run(page, {"__name__": "page"}):
            print(f"line {block.line}, {time.process_time() - began:.1f} s of the processor\n{printed}\n", flush=True)
            began = time.process_time()
        if arguments.draw:
            for picture in sorted(path for path in Path(folder).iterdir() if path.name in shown):
                shutil.copy(picture, IMAGES / picture.name)
                print(f"docs/images/{picture.name}")


if __name__ == "__main__":
    main()
