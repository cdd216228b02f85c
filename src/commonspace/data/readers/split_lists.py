"""Lists of file names that say which pictures are for training, validation and testing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from commonspace.data.problems import Problem
from commonspace.errors import InputError

from .media import Media, leading
from .reading import Reading
from .text_files import read_lines

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "dev": "validation",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""What files and folders are called -> the split."""

_LIST = re.compile(rf"({'|'.join(SPLIT_NAMES)})(_images)?(_list)?\.txt", re.IGNORECASE)


def add_split_lists(reading: Reading, root: Path, media: Media) -> Reading:
    """The reading with the splits that lists in a folder give, where it has none.

    A list is `train.txt`, `dev.txt` (or `val.txt`, `validation.txt`) or `test.txt`, also as `train_images_list.txt`,
    and each of its lines names a picture, or else a sound, of the folder. A file in which no line does is no list;
    where only some do, that is a problem and the list is not used.

    Args:
        reading: What was read; one of its modalities is "image" or "audio", or nothing is done.
        root: The folder.
        media: Its pictures and sounds.
    """
    modality = leading(media, reading.items)
    if reading.split is not None or modality is None or not len(media[modality]):
        return reading
    files = media[modality]
    split_of: dict[str, str] = {}
    lists, problems = [], list(reading.problems)
    for file in sorted(root.iterdir()):
        match = _LIST.fullmatch(file.name)
        if match is None or not file.is_file():
            continue
        split = SPLIT_NAMES[match[1].lower()]
        try:
            lines = read_lines(file)
        except InputError as error:
            problems.append(Problem(file.name, "split", f"{error} The list is not used."))
            continue
        named = [files.name(line) for line in lines]
        if not any(named):
            continue
        if not all(named):
            reason = f"{lines[named.index(None)]!r} names no {files.what} of {root}; the list is not used."
            problems.append(Problem(file.name, "split", reason))
            continue
        lists.append(file.name)
        for path in (files.path(name) for name in named if name):
            if split_of.setdefault(path, split) != split:
                reason = f"{path} is in {split_of[path]} already; it stays there."
                problems.append(Problem(file.name, "split", reason))
    if not lists:
        return replace(reading, problems=problems)
    first = [item[0] if isinstance(item, list) else item for item in reading.items[modality]]
    splits = [split_of.get(path) if isinstance(path, str) else None for path in first]
    return replace(reading, split=splits, columns={**reading.columns, "split": ", ".join(lists)}, problems=problems)
