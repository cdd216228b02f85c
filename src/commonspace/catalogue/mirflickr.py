"""MIRFlickr-25k (Huiskes and Lew 2008): 25,000 photos with the tags of their owners and 24 concepts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.data.problems import Problem
from commonspace.data.readers.text_files import read_lines, text_file
from commonspace.data.splitting import held_out, split_names
from commonspace.errors import ParameterError, StorageError, UnknownNameError

from .roots import needed_root

PROTOCOLS = ("20015/2000",)
PHOTOS, TAGS, ANNOTATIONS = Path("mirflickr"), Path("mirflickr", "meta", "tags"), Path("mirflickr25k_annotations_v080")
COMMON = 20
CONCEPTS = (
    "animals", "baby", "bird", "car", "clouds", "dog", "female", "flower", "food", "indoor", "lake", "male", "night",
    "people", "plant_life", "portrait", "river", "sea", "sky", "structures", "sunset", "transport", "tree", "water",
)  # fmt: skip
"""The concepts seen in a photo. The 14 files `*_r1.txt`, of photos where it is what the photo is of, are not read."""


def load(
    *,
    root: Path | None = None,
    protocol: str = "20015/2000",
    encoders: Mapping[str, Encoder],
    cache: ViewCache | None = None,
    seed: int = 0,
    test: int = 2000,
) -> Dataset:
    """Loads the photos that have a common tag and a concept; the text is all tags of a photo, joined by spaces.

    The two archives, `mirflickr25k.zip` (about 3 GB, from memory) and `mirflickr25k_annotations_v080.zip`, are at
    https://press.liacs.nl/mirflickr/. The photos are under Creative Commons licences of their owners (from memory).

    Args:
        root: The folder with `mirflickr/im<N>.jpg`, `mirflickr/meta/tags/tags<N>.txt` (a tag a line) and
            `mirflickr25k_annotations_v080/<concept>.txt` (the number of a photo a line).
        protocol: "20015/2000": the photos that have at least one of the tags that 20 photos or more have, and at
            least one concept. Papers count 20,015 of them (from memory); `Dataset.protocol` gives the count found.
            No list of test photos is distributed: this is a draw by `seed`, and not the split of any paper.
        encoders: Modality -> encoder.
        cache: Where encoded rows are kept.
        seed: Draws the split.
        test: How many photos are held out.

    Returns:
        A `Dataset`; `problems` tells how many photos were left out, and why.

    Raises:
        InputError: If no root is given, a file is not UTF-8, or the seed is below 0.
        ParameterError: If there are not more photos than `test`.
        StorageError: If files are missing, or a line of an annotation is not the number of a photo.
        UnknownNameError: If there is no such protocol.

    References:
        M. J. Huiskes, M. S. Lew, The MIR Flickr retrieval evaluation, ACM International Conference on Multimedia
        Information Retrieval 2008.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol of mirflickr", protocol, PROTOCOLS)
    root = needed_root(root, "mirflickr", (PHOTOS, ANNOTATIONS))
    expected = [PHOTOS, TAGS, *(ANNOTATIONS / f"{concept}.txt" for concept in CONCEPTS)]
    if missing := [str(path) for path in expected if not (root / path).exists()]:
        raise StorageError(f"data set mirflickr: {root} lacks {', '.join(missing)}.")
    photos, files = _numbered(root / PHOTOS, "im", ".jpg"), _numbered(root / TAGS, "tags", ".txt")
    _refuse(sorted(photos.keys() - files.keys()), f"no file in {TAGS}")
    _refuse(sorted(files.keys() - photos.keys()), f"a file in {TAGS} and no picture in {PHOTOS}")
    tags = {number: read_lines(files[number]) for number in sorted(photos)}
    labels = _read_labels(root, {number: i for i, number in enumerate(tags)})
    counts = Counter(tag for of_photo in tags.values() for tag in set(of_photo))
    tagged = np.array([any(counts[tag] >= COMMON for tag in of_photo) for of_photo in tags.values()], bool)
    keep = tagged & labels.any(1)
    kept = [number for number, k in zip(tags, keep, strict=True) if k]
    if not 0 < test < len(kept):
        raise ParameterError(
            f"data set mirflickr: test={test} of {len(kept)} photos with a common tag and a concept; "
            "expected at least 1, and fewer than there are."
        )
    left_out = {
        "text": (int((~tagged).sum()), f"no tag that {COMMON} photos have"),
        "label": (int((tagged & ~keep).sum()), "a common tag and no concept"),
    }
    return Dataset(
        {"image": [photos[number] for number in kept], "text": [" ".join(tags[number]) for number in kept]},
        ids=[f"im{number}" for number in kept],
        labels=labels[keep],
        label_names=CONCEPTS,
        split=split_names(held_out(len(kept), test, seed=seed)),
        encoders=encoders,
        cache=cache,
        name="mirflickr",
        protocol=f"{len(kept)}/{test}, seed {seed}",
        problems=[
            Problem("mirflickr", what, f"{count} of {len(tags)} photos have {why}; left out.")
            for what, (count, why) in left_out.items()
            if count
        ],
    )


def _numbered(folder: Path, start: str, end: str) -> dict[int, Path]:
    """Number -> file, of the files called so."""
    named = {path.name.removeprefix(start).removesuffix(end): path for path in folder.glob(f"{start}*{end}")}
    return {int(number): path for number, path in named.items() if number.isdecimal()}


def _read_labels(root: Path, row_of: Mapping[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    """(n, c) 0/1 which concepts a photo shows."""
    labels = np.zeros((len(row_of), len(CONCEPTS)), np.int8)
    for column, concept in enumerate(CONCEPTS):
        with text_file(root / ANNOTATIONS / f"{concept}.txt") as file:
            for at, line in enumerate(file, 1):
                number = line.strip()
                if number and not (number.isdecimal() and int(number) in row_of):
                    raise StorageError(
                        f"data set mirflickr: {ANNOTATIONS / concept}.txt line {at}: expected the number of a photo in "
                        f"{PHOTOS}, got {number!r}."
                    )
                if number:
                    labels[row_of[int(number)], column] = 1
    return labels


def _refuse(numbers: list[int], trouble: str) -> None:
    if numbers:
        count = f"{len(numbers)} photos have" if len(numbers) > 1 else "a photo has"
        raise StorageError(f"data set mirflickr: {count} {trouble}: {', '.join(map(str, numbers[:3]))}.")
