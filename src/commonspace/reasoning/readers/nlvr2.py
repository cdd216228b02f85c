"""NLVR2 (Suhr et al. 2019): sentences that are true or false of two photos."""

from __future__ import annotations

import re
from pathlib import Path

from commonspace.errors import InputError
from commonspace.reasoning.tasks.verification import Statement

from .gathering import Gathering, plain
from .json_files import json_lines
from .result import Read

LABELS = {"True": "true", "False": "false"}
IDENTIFIER = re.compile(r"(.+)-\d+")
"""The name of the two photos, and the number of a sentence about them."""


def read_nlvr2(path: Path, photos: Path) -> Read[Statement]:
    """Reads sentences about two photos, the left one as `photo` and the right one as `other`.

    Args:
        path: `train.json`, `dev.json` or `test1.json`, an object a line.
        photos: The folder of the photos. Those of "dev-850-0-0" are `dev-850-0-img0.png` and `dev-850-0-img1.png`; they
            are looked for in the sub-folder that `directory` names, where a line has one, and in the folder itself.

    Returns:
        A statement for each line whose photos are both there, labelled "true" or "false".

    Raises:
        InputError: If the file is not of this layout, or no example can be read.
        StorageError: If the file or the folder cannot be read.

    References:
        A. Suhr, S. Zhou, A. Zhang, I. Zhang, H. Bai, Y. Artzi, A corpus for reasoning about natural language grounded
        in photographs, ACL 2019.

    Example:
        ```python
        found = read_nlvr2(Path("nlvr2/dev.json"), Path("nlvr2/photos"))
        found.examples[0].photo, found.examples[0].other, found.examples[0].label
        ```
    """
    gathering = Gathering[Statement](path, photos)
    for line in json_lines(path):
        identifier, text, said = line.text("identifier"), plain(line.text("sentence")), line.text("label")
        named = IDENTIFIER.fullmatch(identifier)
        if named is None:
            raise InputError(
                f"{line.where}: field 'identifier': expected a name that ends with a number, such as 'dev-850-0-0', "
                f"got {identifier!r}."
            )
        label = LABELS.get(said)
        if label is None:
            gathering.skip(identifier, f"unknown label {said!r}; expected one of {list(LABELS)}.")
            continue
        first, second = (f"{named[1]}-img{i}.png" for i in range(2))
        folder = str(line.whole("directory")) if "directory" in line.fields else None
        files = gathering.find(first, second, folder=folder)
        if gathering.has_words(identifier, text) and files is not None:
            gathering.add(Statement(first, text, label, second), files)
    return gathering.read()
