"""The Wikipedia features of Rasiwasia et al. 2010: 2,866 sections of featured articles with a picture each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.errors import InputError, StorageError, UnknownNameError

PROTOCOLS = ("2173/693", "2173/231/462")
FILES = ("raw_features.mat", "trainset_txt_img_cat.list", "testset_txt_img_cat.list", "categories.list")


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
        encoders: Taken for queries by the caller; the data set holds features.
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
    if root is None:
        raise InputError(f"data set wikipedia: needs root, the folder with {', '.join(FILES)}.")
    missing = [name for name in FILES if not (root / name).is_file()]
    if missing:
        raise StorageError(f"data set wikipedia: {root} lacks {', '.join(missing)}.")
    try:
        features = loadmat(root / FILES[0])
        image = np.concatenate([features["I_tr"], features["I_te"]])
        text = np.concatenate([features["T_tr"], features["T_te"]])
    except (KeyError, ValueError, OSError) as error:
        raise StorageError(
            f"data set wikipedia: {FILES[0]} has not the arrays I_tr, T_tr, I_te, T_te: {error}."
        ) from error
    lines = [line.split("\t") for name in FILES[1:3] for line in (root / name).read_text().splitlines() if line]
    classes = (root / FILES[3]).read_text().split()
    held = ["test"] * 693 if protocol == "2173/693" else ["validation"] * 231 + ["test"] * 462
    if len(lines) != len(image) or len(lines) != 2173 + 693:
        raise StorageError(
            f"data set wikipedia: {len(lines)} lines in the lists, {len(image)} rows of features; expected 2866."
        )
    return Dataset(
        {"image": image, "text": text},
        ids=[text_id for text_id, _, _ in lines],
        labels=[classes[int(number) - 1] for _, _, number in lines],
        split=["train"] * 2173 + held,
        metadata={"image_id": [image_id for _, image_id, _ in lines]},
        encoders=encoders,
        name="wikipedia",
        protocol=protocol,
    )
