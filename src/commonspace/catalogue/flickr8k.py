"""Flickr8k (Hodosh et al. 2013): 8,091 photos with five captions each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.data.readers.delimited import read_delimited
from commonspace.data.readers.text_files import read_lines
from commonspace.errors import StorageError, UnknownNameError

from .roots import needed_root

PROTOCOLS = ("captions",)
CAPTIONS, IMAGES = "captions.csv", "images"
LISTS = {"train": "train.txt", "validation": "dev.txt", "test": "test.txt"}


def load(
    *,
    root: Path | None = None,
    protocol: str = "captions",
    encoders: Mapping[str, Encoder],
    cache: ViewCache | None = None,
) -> Dataset:
    """Loads the photos, their captions as parts of the text, and the splits.

    The splits are train (6,000), validation (1,000) and test (1,000); the 91 photos that are in no list are in none.
    What is measured is Recall@K from photo to caption and from caption to photo.

    Args:
        root: The folder with `images/`, `captions.csv` (columns image and caption, a line per caption), and the lists
            of file names `train.txt`, `dev.txt` and `test.txt`.
        protocol: "captions".
        encoders: Modality -> encoder.
        cache: Where encoded rows are kept.

    Raises:
        InputError: If no root is given, or a file is not UTF-8.
        StorageError: If a file is missing or not of this layout, a photo is not there, or one has no caption.
        UnknownNameError: If there is no such protocol.

    References:
        M. Hodosh, P. Young, J. Hockenmaier, Framing image description as a ranking task: data, models and evaluation
        metrics, Journal of Artificial Intelligence Research 47, 2013.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol of flickr8k", protocol, PROTOCOLS)
    expected = (IMAGES, CAPTIONS, *LISTS.values())
    root = needed_root(root, "flickr8k", expected)
    missing = [name for name in expected if not (root / name).exists()]
    if missing:
        raise StorageError(f"data set flickr8k: {root} lacks {', '.join(missing)}.")
    captions = _read_captions(root / CAPTIONS)
    photos = {path.name for path in (root / IMAGES).iterdir() if path.suffix.lower() == ".jpg"}
    _refuse(sorted(photos - captions.keys()), f"no caption in {CAPTIONS}")
    _refuse(sorted(captions.keys() - photos), f"a caption in {CAPTIONS} and no file in {IMAGES}")
    split_of: dict[str, str] = {}
    for split, name in LISTS.items():
        listed = read_lines(root / name)
        _refuse([photo for photo in listed if photo not in photos], f"a line in {name} and no file in {IMAGES}")
        _refuse([photo for photo in listed if photo in split_of], f"a line in {name} and one in another list")
        split_of |= dict.fromkeys(listed, split)
    return Dataset(
        {"image": [root / IMAGES / photo for photo in captions], "text": list(captions.values())},
        ids=list(captions),
        split=[split_of.get(photo) for photo in captions],
        encoders=encoders,
        cache=cache,
        name="flickr8k",
        protocol=protocol,
    )


def _read_captions(path: Path) -> dict[str, list[str]]:
    """Photo -> its captions, in the order of the file."""
    rows = read_delimited(path)
    if absent := {"image", "caption"} - rows.columns.keys():
        raise StorageError(
            f"data set flickr8k: {CAPTIONS} has no column {' and no '.join(sorted(absent))}; it has "
            f"{', '.join(rows.columns)}."
        )
    if rows.problems:
        raise StorageError(f"data set flickr8k: {rows.problems[0]}")
    captions: dict[str, list[str]] = {}
    for i, (photo, caption) in enumerate(zip(rows.columns["image"], rows.columns["caption"], strict=True)):
        if photo is None:
            raise StorageError(f"data set flickr8k: {rows.where(i)} names no photo.")
        captions.setdefault(photo, []).extend([caption] if caption and caption.strip() else [])
    _refuse([photo for photo, texts in captions.items() if not texts], f"no caption in {CAPTIONS}")
    return captions


def _refuse(photos: list[str], trouble: str) -> None:
    if photos:
        count = f"{len(photos)} photos have" if len(photos) > 1 else "a photo has"
        raise StorageError(f"data set flickr8k: {count} {trouble}: {', '.join(photos[:3])}.")
