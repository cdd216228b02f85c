"""The folder that a data set lies in, where it comes in no package."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from commonspace.errors import InputError


def needed_root(root: Path | None, name: str, holds: Iterable[object]) -> Path:
    """The root of a data set that cannot do without one.

    Raises:
        InputError: If none is given.
    """
    if root is None:
        raise InputError(
            f"data set {name}: needs root (--root on the command line), the folder with {', '.join(map(str, holds))}. "
            'Nothing is downloaded; the guide tells under "Data sets and encoders" where it comes from.'
        )
    return root
