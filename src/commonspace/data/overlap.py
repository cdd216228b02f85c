"""Items of one split that are in another one too, or as good as."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError

from .dataset import Dataset
from .digest import FILE_KINDS, content_digest

_BLOCK = 512
_PASSED_OVER = ("P", "Z", "C")
"""Categories of Unicode that do not tell texts apart: punctuation, separators and control characters."""


@dataclass(frozen=True)
class Duplicate:
    """An item that another split holds too.

    Attributes:
        modality: In which they are the same; "" for members of one group.
        id: The item.
        other: The first such item of the other split.
        how: "same content": the same bytes, or the same words apart from case, space and punctuation; "same features":
            rows whose cosine is at least the threshold; "same group".
    """

    modality: str
    id: str
    other: str
    how: str


def duplicates(
    data: Dataset,
    *,
    split: str = "test",
    of: str = "train",
    threshold: float = 0.999,
    groups: Mapping[str, str | None] | None = None,
) -> list[Duplicate]:
    r"""The items of one split that another split holds too.

    A part of an item counts as the item: a photo is found by any of its captions. Features are compared where a
    modality comes as features alone, rows of any length, in blocks: x and y are the same where

    $$\frac{x \cdot y}{\lVert x \rVert \lVert y \rVert} \geq \text{threshold}.$$

    Args:
        data: A data set with splits.
        split: Whose items are looked for.
        of: Where they are looked for.
        threshold: The cosine from which features count as the same.
        groups: Id -> group, for groups that the data set does not know of.

    Returns:
        For each modality and item the first that was found, in the order of the data set; then members of groups that
        both splits have.

    Raises:
        UnknownNameError: If there is no such split.

    Examples:
        >>> data = Dataset({"text": ["A dog.", "a  dog", "a cat"]}, split=["train", "test", "test"])
        >>> duplicates(data)
        [Duplicate(modality='text', id='1', other='0', how='same content')]
    """
    here, there = data.split(split), data.split(of)
    found = [duplicate for modality in data.modalities for duplicate in _of_modality(here, there, modality, threshold)]
    if groups is None:
        column = data.table["group"].to_pylist() if "group" in data.table.column_names else [None] * len(data)
        groups = dict(zip(map(str, data.ids), column, strict=True))
    first: dict[str, str] = {}
    for id_ in map(str, there.ids):
        if (group := groups.get(id_)) is not None:
            first.setdefault(group, id_)
    members = ((id_, groups.get(id_)) for id_ in map(str, here.ids))
    return found + [Duplicate("", id_, first[group], "same group") for id_, group in members if group in first]


def _of_modality(here: Dataset, there: Dataset, modality: str, threshold: float) -> Iterator[Duplicate]:
    raw = [part.content(modality, whole=True) for part in (here, there)]
    if not any(isinstance(x, str | bytes | Path) for row in raw[0] for x in row):
        yield from _by_features(here, there, modality, threshold)
        return
    known: dict[Hashable, int] = {}
    kind = modality if modality in FILE_KINDS else "text"
    if modality in here.encoders:
        kind = here.encoders[modality].kind
    for number, row in enumerate(raw[1]):
        for part in row:
            if part is not None and (key := _key(part, kind)) is not None:
                known.setdefault(key, number)
    for id_, row in zip(here.ids, raw[0], strict=True):
        same = [known[key] for part in row if part is not None and (key := _key(part, kind)) in known]
        if same:
            yield Duplicate(modality, str(id_), str(there.ids[min(same)]), "same content")


def _by_features(here: Dataset, there: Dataset, modality: str, threshold: float) -> Iterator[Duplicate]:
    (queries, of), (gallery, owner) = (_unit_rows(part.view(modality)) for part in (here, there))
    first: dict[int, int] = defaultdict(lambda: len(there))
    for start in range(0, len(queries), _BLOCK):
        rows, columns = np.nonzero(queries[start : start + _BLOCK] @ gallery.T >= threshold)
        for row, column in zip(of[start + rows], owner[columns], strict=True):
            first[int(row)] = min(first[int(row)], int(column))
    for number in sorted(first):
        yield Duplicate(modality, str(here.ids[number]), str(there.ids[first[number]]), "same features")


def _unit_rows(view: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Every part that is there and not zero, of unit length, and the item it belongs to."""
    rows = view.reshape(-1, view.shape[-1]).astype(np.float64)
    length = np.linalg.norm(rows, axis=1)
    kept = np.flatnonzero(length > 0)  # NaN is not above 0
    parts = len(rows) // max(len(view), 1)
    return (rows[kept] / length[kept, None]).astype(np.float32), kept // max(parts, 1)


def _key(part: object, kind: str) -> Hashable | None:
    """What two parts have in common where they say the same; None of a file that cannot be read."""
    if kind == "text" and isinstance(part, str):
        text = unicodedata.normalize("NFKC", part).casefold()
        words = "".join(" " if unicodedata.category(c)[0] in _PASSED_OVER else c for c in text).split()
        return " ".join(words) or text.strip()
    try:
        return content_digest(part, kind)
    except InputError:
        return None
