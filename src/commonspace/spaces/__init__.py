"""Spaces: estimators that learn, from views of several modalities, one space for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commonspace.lazy import on_first_use

from .registry import all_spaces as all_spaces
from .registry import find_space as find_space

if TYPE_CHECKING:
    from .base import Space as Space
    from .persistence import load_space as load_space
    from .persistence import read_training as read_training
    from .row_space import RowSpace as RowSpace
    from .tags import SpaceTags as SpaceTags

_HOME = {
    "RowSpace": "row_space",
    "Space": "base",
    "SpaceTags": "tags",
    "load_space": "persistence",
    "read_training": "persistence",
}

__all__ = ["RowSpace", "Space", "SpaceTags", "all_spaces", "find_space", "load_space", "read_training"]


if not TYPE_CHECKING:  # or type checkers would take every name for one that is there
    __getattr__ = on_first_use(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
