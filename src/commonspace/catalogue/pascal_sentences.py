"""Pascal Sentences (Rashtchian et al. 2010): 1,000 photos of 20 classes with five sentences each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.data.problems import Problem
from commonspace.data.readers.text_files import read_lines
from commonspace.errors import StorageError, UnknownNameError

from .draws import draw_by_class
from .roots import needed_root

PROTOCOLS = ("800/100/100",)
LAYOUTS = (("images", "sentences"), ("dataset", "sentence"))
"""Folder of the photos and folder of the sentences: as copies of the set have them."""
CLASSES, PER_CLASS, SENTENCES = 20, 50, 5
SIZES = {"train": 40, "validation": 5, "test": 5}


def load(
    *,
    root: Path | None = None,
    protocol: str = "800/100/100",
    encoders: Mapping[str, Encoder],
    cache: ViewCache | None = None,
    seed: int = 0,
) -> Dataset:
    """Loads the photos and their sentences, which are parts of the text; the label is the class.

    The set is shown at http://vision.cs.uiuc.edu/pascal-sentences/, class by class; the photos are those of PASCAL
    VOC 2008 and come from Flickr (from memory). Its licence is not stated here because it is not known for sure.

    Args:
        root: The folder with `images/<class>/*.jpg` and `sentences/<class>/*.txt`, a sentence a line, or with
            `dataset/<class>/` and `sentence/<class>/`. A photo and its sentences have the same name.
        protocol: "800/100/100": of each class 40 photos for train, 5 for validation and 5 for test. Papers name these
            sizes, but no list of theirs is distributed: this is a draw by `seed`, and not the split of any paper.
        encoders: Modality -> encoder.
        cache: Where encoded rows are kept.
        seed: Draws the split, with the photos in the order of their names.

    Returns:
        A `Dataset`; `problems` names the photos that have not five sentences. They are taken all the same.

    Raises:
        InputError: If no root is given, or a file is not UTF-8.
        StorageError: If a folder is missing, there are not 20 classes of 50, or a photo has no sentence.
        UnknownNameError: If there is no such protocol.

    References:
        C. Rashtchian, P. Young, M. Hodosh, J. Hockenmaier, Collecting image annotations using Amazon's Mechanical
        Turk, NAACL HLT Workshop on Creating Speech and Language Data with Amazon's Mechanical Turk, 2010.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol of pascal-sentences", protocol, PROTOCOLS)
    root = needed_root(root, "pascal-sentences", ("images", "sentences"))
    layout = next((pair for pair in LAYOUTS if all((root / folder).is_dir() for folder in pair)), None)
    if layout is None:
        lacking = ", or ".join(" and ".join(pair) for pair in LAYOUTS)
        raise StorageError(f"data set pascal-sentences: {root} lacks the folders {lacking}.")
    photos, texts = (_by_class(root / folder, end) for folder, end in zip(layout, (".jpg", "txt"), strict=True))
    if len(photos) != CLASSES:
        raise StorageError(f"data set pascal-sentences: {layout[0]} has {len(photos)} classes, expected {CLASSES}.")
    for label in sorted(photos.keys() | texts.keys()):
        here, there = photos.get(label, {}), texts.get(label, {})
        _refuse(label, sorted(here.keys() - there.keys()), f"a file in {layout[0]} and none in {layout[1]}")
        _refuse(label, sorted(there.keys() - here.keys()), f"a file in {layout[1]} and none in {layout[0]}")
        if len(here) != PER_CLASS:
            raise StorageError(
                f"data set pascal-sentences: class {label} has {len(here)} photos, expected {PER_CLASS}."
            )
    items = [(label, stem) for label in sorted(photos) for stem in sorted(photos[label])]
    sentences = [read_lines(texts[label][stem]) for label, stem in items]
    for (label, stem), lines in zip(items, sentences, strict=True):
        _refuse(label, [] if lines else [stem], f"no sentence in its file in {layout[1]}")
    labels = [label for label, _ in items]
    return Dataset(
        {"image": [photos[label][stem] for label, stem in items], "text": sentences},
        ids=[f"{label}/{stem}" for label, stem in items],
        labels=labels,
        split=draw_by_class("pascal-sentences", labels, sorted(photos), SIZES, seed=seed),
        encoders=encoders,
        cache=cache,
        name="pascal-sentences",
        protocol=f"{protocol}, seed {seed}",
        problems=[
            Problem(f"{label}/{stem}", "text", f"{len(lines)} sentences, expected {SENTENCES}; taken as they are.")
            for (label, stem), lines in zip(items, sentences, strict=True)
            if len(lines) != SENTENCES
        ],
    )


def _by_class(folder: Path, end: str) -> dict[str, dict[str, Path]]:
    """Class -> stem -> file, of the files that end so. Some copies have "2008_000008txt", without the dot."""
    return {
        inner.name: {
            path.name[: -len(end)].removesuffix("."): path
            for path in sorted(inner.iterdir(), reverse=True)  # of "atxt" and "a.txt" the one with the dot stays
            if path.name.lower().endswith(end) and not path.name.startswith(".")
        }
        for inner in sorted(folder.iterdir())
        if inner.is_dir() and not inner.name.startswith(".")
    }


def _refuse(label: str, stems: list[str], trouble: str) -> None:
    if stems:
        count = f"{len(stems)} photos have" if len(stems) > 1 else "a photo has"
        raise StorageError(
            f"data set pascal-sentences: {count} {trouble}: {', '.join(f'{label}/{stem}' for stem in stems[:3])}."
        )
