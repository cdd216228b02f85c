"""The pictures and sounds that tables, lists and folders name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from .files import Files, walk
from .pictures import Pictures
from .sounds import Sounds

Media = Mapping[str, Files]
"""Modality -> its files; "image" goes before "audio" where one of them has to give an item its identity."""


def find_media(root: Path, depth: int | None = None, *, without: Collection[str] = ()) -> Media:
    """The pictures and sounds of a folder and its sub-folders, without hidden ones.

    Args:
        root: The folder.
        depth: How many levels of sub-folders to look into. None looks into all, -1 not even into the folder.
        without: Modalities whose files are passed over.
    """
    names = walk(root, depth) if depth != -1 else []
    kinds: dict[str, type[Files]] = {"image": Pictures, "audio": Sounds}
    return {modality: files(root, () if modality in without else names) for modality, files in kinds.items()}


def leading(media: Media, modalities: Collection[str]) -> str | None:
    """The modality, of those that come as files, that gives an item its identity; None where there is none."""
    return next((modality for modality in media if modality in modalities), None)
