"""The Wikipedia features of Rasiwasia et al. 2010: 2,866 sections of featured articles with a picture each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.errors import StorageError, UnknownNameError

from .mat_files import read_mat
from .roots import needed_root

PROTOCOLS = ("2173/693", "2173/231/462")
FILES = ("raw_features.mat", "trainset_txt_img_cat.list", "testset_txt_img_cat.list", "categories.list")
ARRAYS = (("I_tr", "T_tr"), ("I_te", "T_te"))
SIZES = (2173, 693)


def load(
    *,
    root: Path | None = None,
    protocol: str = "2173/693",
    encoders: Mapping[str, Encoder],
    cache: ViewCache | None = None,
) -> Dataset:
    """Loads the original features: 128 SIFT words of the picture, 10 LDA topics of the text, 10 classes.

    Args:
        root: The folder with `raw_features.mat`, the two `*_txt_img_cat.list` files and `categories.list`.
        protocol: "2173/693" (train/test) or "2173/231/462" (train/validation/test), where validation is the first
            231 of the 693 test items, in file order.
        encoders: For raw queries: those whose rows are as long as the features. The default ones are not.
        cache: Not used; there is nothing to encode.

    Raises:
        InputError: If no root is given.
        StorageError: If a file is missing or not of this layout.
        UnknownNameError: If there is no such protocol.

    References:
        N. Rasiwasia et al., A new approach to cross-modal multimedia retrieval, ACM Multimedia 2010.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol of wikipedia", protocol, PROTOCOLS)
    root = needed_root(root, "wikipedia", FILES)
    missing = [name for name in FILES if not (root / name).is_file()]
    if missing:
        raise StorageError(f"data set wikipedia: {root} lacks {', '.join(missing)}.")
    arrays = read_mat("wikipedia", root / FILES[0], [name for names in ARRAYS for name in names])
    parts = [(arrays[image], arrays[text]) for image, text in ARRAYS]
    lists = [_read_list(root / name) for name in FILES[1:3]]
    for name, lines, (image, text), expected in zip(FILES[1:3], lists, parts, SIZES, strict=True):
        if not len(lines) == len(image) == len(text) == expected:
            raise StorageError(
                f"data set wikipedia: {len(lines)} lines in {name}, {len(image)} rows of image and {len(text)} of text "
                f"features; expected {expected}."
            )
    classes = (root / FILES[3]).read_text(encoding="utf-8").split()
    lines = lists[0] + lists[1]
    if not all(1 <= number <= len(classes) for _, _, number in lines):
        raise StorageError(f"data set wikipedia: {FILES[3]} has {len(classes)} classes, the lists name others.")
    views = {
        "image": np.concatenate([image for image, _ in parts]),
        "text": np.concatenate([text for _, text in parts]),
    }
    held = ["test"] * 693 if protocol == "2173/693" else ["validation"] * 231 + ["test"] * 462
    return Dataset(
        views,
        ids=[text_id for text_id, _, _ in lines],
        labels=[classes[number - 1] for _, _, number in lines],
        split=["train"] * 2173 + held,
        metadata={"image_id": [image_id for _, image_id, _ in lines]},
        encoders={m: e for m, e in encoders.items() if m in views and e.dim == views[m].shape[1]},
        name="wikipedia",
        protocol=protocol,
    )


def _read_list(path: Path) -> list[tuple[str, str, int]]:
    """Text id, image id and number of the class, by line."""
    try:
        lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
        return [(text_id, image_id, int(number)) for text_id, image_id, number in lines]
    except ValueError as error:
        raise StorageError(
            f"data set wikipedia: {path.name} is not lines of text, image and class: {error}."
        ) from error
