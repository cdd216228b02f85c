"""SNLI-VE (Xie et al. 2019): whether a sentence follows from a photo of Flickr30k."""

from __future__ import annotations

from pathlib import Path

from commonspace.reasoning.tasks.verification import Statement

from .gathering import Gathering, plain
from .json_files import json_lines
from .result import Read

LABELS = ("entailment", "neutral", "contradiction")
UNDECIDED = "-"
"""The label of a pair on which people did not agree."""


def read_snli_ve(path: Path, photos: Path) -> Read[Statement]:
    """Reads sentences about a photo, the hypotheses of SNLI.

    Args:
        path: `snli_ve_train.jsonl`, `snli_ve_dev.jsonl` or `snli_ve_test.jsonl`.
        photos: The folder with `<Flickr30K_ID>.jpg`.

    Returns:
        A statement for each line whose photo is there, labelled "entailment", "neutral" or "contradiction".

    Raises:
        InputError: If the file is not of this layout, or no example can be read.
        StorageError: If the file or the folder cannot be read.

    References:
        N. Xie, F. Lai, D. Doran, A. Kadav, Visual entailment: a novel task for fine-grained image understanding,
        arXiv 1901.06706, 2019.

    Example:
        ```python
        found = read_snli_ve(Path("snli-ve/dev.jsonl"), Path("snli-ve/photos"))
        found.examples[0].text, found.examples[0].label  # found.photos: name -> file; found.skipped: name -> why
        ```
    """
    gathering = Gathering[Statement](path, photos)
    for line in json_lines(path):
        name, text, label = line.text("pairID"), plain(line.text("sentence2")), line.text("gold_label")
        photo = f"{line.text('Flickr30K_ID')}.jpg"
        if label == UNDECIDED:
            gathering.skip(name, f"no gold label, but {UNDECIDED!r}: people did not agree.")
        elif label not in LABELS:
            gathering.skip(name, f"unknown label {label!r}; expected one of {list(LABELS)}.")
        elif gathering.has_words(name, text) and (files := gathering.find(photo)) is not None:
            gathering.add(Statement(photo, text, label), files)
    return gathering.read()
