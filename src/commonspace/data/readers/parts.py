"""Arrays of a train and a test part, put together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError

from .split_lists import SPLIT_NAMES

PARTS = {**SPLIT_NAMES, "tr": "train", "te": "test"}
_NAME = re.compile(rf"(?:(.+)[_. -])?({'|'.join(PARTS)})(?:[_. -](.+))?", re.IGNORECASE)
"""I_tr, train_image, image.test: a part that stands apart from the rest of the name."""

Arrays = Mapping[str, NDArray[Any]]
Parts = dict[str, dict[str, str]]
"""What the names of arrays share -> split -> the whole name."""


def join_parts(path: Path, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The same arrays, with those of a train and a test part one after the other, and `split` beside them.

    `I_tr` and `I_te` become `I`, `train_labels` and `test_labels` become `labels`; a validation part goes in between.
    Where no features have a train and a test part, or there is a `split`, nothing is changed.

    Args:
        path: The file, for errors.
        arrays: Name -> array.

    Raises:
        InputError: If arrays of one part have different numbers of rows, those of one name different widths, some lack
            a part, or two are the same part.
    """
    named = _by_part(path, arrays)
    features = {
        base: names
        for base, names in named.items()
        if {"train", "test"} <= names.keys() and all(arrays[name].ndim > 1 for name in names.values())
    }
    if not features or "split" in arrays:
        return dict(arrays)
    parts = [part for part in ("train", "validation", "test") if any(part in names for names in features.values())]
    sizes = {part: _rows(path, [names[part] for names in features.values() if part in names], arrays) for part in parts}
    joined = {
        base: names
        for base, names in named.items()
        if all(part in sizes and arrays[name].shape[:1] == (sizes[part],) for part, name in names.items())
    }
    for base, names in joined.items():
        _check(path, base, names, parts, arrays)
    taken = {name for names in joined.values() for name in names.values()}
    kept = {name: array for name, array in arrays.items() if name not in taken}
    whole = {base: np.concatenate([arrays[names[part]] for part in parts]) for base, names in joined.items()}
    return {**kept, **whole, "split": np.repeat(parts, [sizes[part] for part in parts])}


def _by_part(path: Path, arrays: Arrays) -> Parts:
    named: Parts = {}
    for name in arrays:
        if match := _NAME.fullmatch(name):
            before, part, after = match.groups()
            if base := "_".join(text for text in (before, after) if text):
                first = named.setdefault(base, {}).setdefault(PARTS[part.lower()], name)
                if first != name:
                    raise InputError(
                        f"{path}: {first} and {name} are both the {PARTS[part.lower()]} part of {base}. {_advice(name)}"
                    )
    return named


def _rows(path: Path, names: list[str], arrays: Arrays) -> int:
    """How many rows the features of one part have."""
    if len({len(arrays[name]) for name in names}) > 1:
        told = ", ".join(f"{name} {len(arrays[name])}" for name in names)
        raise InputError(f"{path}: rows must match item by item, got {told}. {_advice(names[0])}")
    return len(arrays[names[0]])


def _check(path: Path, base: str, names: Mapping[str, str], parts: list[str], arrays: Arrays) -> None:
    """That an array has all parts, of one width, and a name of its own."""
    told = ", ".join(f"{name} {arrays[name].shape}" for name in names.values())
    first = next(iter(names.values()))
    if missing := [part for part in parts if part not in names]:
        raise InputError(f"{path}: {told} without a part for {missing[0]}, which other arrays have. {_advice(first)}")
    if len({arrays[name].shape[1:] for name in names.values()}) > 1:
        raise InputError(f"{path}: {told}: expected as many columns in each part. {_advice(first)}")
    if base in arrays:
        raise InputError(f"{path}: {told} cannot be put together as {base}, which is there too. {_advice(first)}")


def _advice(name: str) -> str:
    return f"Name the arrays that belong together, for example columns={{'image': {name!r}, ...}}."
