"""What the scripts that draw pictures of the documentation have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def write_or_check(
    description: str, draw: Callable[[], str], drawing: Path, script: str, arguments: list[str] | None
) -> int:
    """Writes a drawing or, with `--check`, compares it.

    Args:
        description: Of the script.
        draw: What gives the drawing, as SVG.
        drawing: The file.
        script: The name of the script.
        arguments: Of the command line. Default: those of the process.

    Returns:
        The exit code: 1 where the file is not what would be written.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the drawing is out of date")
    check = parser.parse_args(arguments).check
    wanted = draw().encode("utf-8")
    if check:
        current = drawing.is_file() and drawing.read_bytes() == wanted
        if not current:
            print(f"{drawing.name} is out of date: run scripts/{script} and commit it.")
        return 0 if current else 1
    drawing.parent.mkdir(parents=True, exist_ok=True)
    drawing.write_bytes(wanted)
    return 0
