"""Writing the small folders and files that the readers are tested on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from commonspace.data.readers import Reading


def write(root: Path, **files: str) -> Path:
    """Text files; "__" in a name stands for a dot."""
    for name, content in files.items():
        (root / name.replace("__", ".")).write_text(content, encoding="utf-8", newline="")
    return root


def add_pictures(root: Path, *names: str) -> Path:
    """Files that are called pictures; readers never open them."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"pixels")
    return root


def file_names(reading: Reading) -> list[object]:
    return [Path(item).name if isinstance(item, str) else item for item in reading.items["image"]]


def told(problems: Iterable[object]) -> str:
    return "\n".join(str(problem) for problem in problems)


add_sounds = add_pictures
"""Files that are called sounds, for the same reason."""
