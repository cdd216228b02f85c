"""XMedia (Peking University): features of text, image, video, audio and 3D models of 20 classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.errors import StorageError, UnknownNameError

from .mat_files import read_mat
from .roots import needed_root

PROTOCOLS = ("five", "image-text")
FILE = "XMediaFeatures.mat"
PARTS = {"train": "tr", "test": "te"}
ARRAYS = {
    "image": ("I_{part}_CNN", "{part}ImgCat"),
    "text": ("T_{part}_BOW", "{part}TxtCat"),
    "video": ("V_{part}_CNN", "{part}VidCat"),
    "audio": ("A_{part}", "{part}AudCat"),
    "3d": ("d3_{part}", "{part}3dCat"),
}
"""Modality -> its array of features and its array of classes."""
PAIRED = ("image", "text")


def load(
    *,
    root: Path | None = None,
    protocol: str = "five",
    encoders: Mapping[str, Encoder],
    cache: ViewCache | None = None,
) -> Dataset:
    """Loads the features. An image and a text of the same row are a pair; a video, a sound, a model stand alone.

    Such an item lacks the other modalities: its class is all it shares with them. The label is the class, 1 to 20.

    The set is described at http://www.icst.pku.edu.cn/mipl/xmedia. Lengths, from memory: image and video 4096 (CNN),
    text 3000 (words), audio 29 (MFCC), 3D 4700 (light field). Items, from memory: 5,000 pairs, 1,143 video, 1,000
    audio, 500 3D, a fifth or less of each for test. Since absent rows take space too, all five are half a GB.

    Args:
        root: The folder with `XMediaFeatures.mat`. Its arrays are `I_tr_CNN`, `T_tr_BOW`, `V_tr_CNN`, `A_tr`, `d3_tr`
            and their classes `trImgCat`, `trTxtCat`, `trVidCat`, `trAudCat`, `tr3dCat`; the same with te for test.
        protocol: "five" modalities, or the pairs of "image-text" only. The split is the distributed one, train/test.
        encoders: For raw queries: those whose rows are as long as the features. The default ones are not.
        cache: Not used; there is nothing to encode.

    Raises:
        InputError: If no root is given.
        StorageError: If the file is missing, lacks an array, or arrays do not match row by row.
        UnknownNameError: If there is no such protocol.

    References:
        X. Zhai, Y. Peng, J. Xiao, Learning cross-media joint representation with sparse and semisupervised
        regularization, IEEE Transactions on Circuits and Systems for Video Technology 24, 2014 (from memory).
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol of xmedia", protocol, PROTOCOLS)
    root = needed_root(root, "xmedia", (FILE,))
    modalities = PAIRED if protocol == "image-text" else tuple(ARRAYS)
    names = [name.format(part=part) for m in modalities for name in ARRAYS[m] for part in PARTS.values()]
    arrays = read_mat("xmedia", root / FILE, names)
    groups = [PAIRED, *((m,) for m in modalities if m not in PAIRED)]
    blocks = [(split, group, _classes(arrays, split, group)) for split in PARTS for group in groups]
    n = sum(len(classes) for _, _, classes in blocks)
    views = {m: np.full((n, _width(arrays, m)), np.nan, np.float32) for m in modalities}
    row = 0
    for split, group, classes in blocks:
        for modality in group:
            views[modality][row : row + len(classes)] = arrays[_names(modality, split)[0]]
        row += len(classes)
    return Dataset(
        views,
        ids=[f"{split}-{'-'.join(group)}-{i}" for split, group, classes in blocks for i in range(len(classes))],
        labels=np.concatenate([classes for _, _, classes in blocks]).astype(np.int64),
        split=[split for split, _, classes in blocks for _ in range(len(classes))],
        encoders={m: e for m, e in encoders.items() if m in views and e.dim == views[m].shape[1]},
        name="xmedia",
        protocol=protocol,
    )


def _names(modality: str, split: str) -> tuple[str, str]:
    features, classes = ARRAYS[modality]
    return features.format(part=PARTS[split]), classes.format(part=PARTS[split])


def _classes(arrays: Mapping[str, NDArray[Any]], split: str, group: tuple[str, ...]) -> NDArray[Any]:
    """The classes of the rows that the modalities of a group share."""
    for modality in group:
        features, classes = _names(modality, split)
        if arrays[features].ndim != 2 or len(arrays[features]) != arrays[classes].size:
            raise StorageError(
                f"data set xmedia: {features} is {arrays[features].shape}, {classes} has {arrays[classes].size} "
                "values; expected as many rows as values."
            )
    first, *others = (_names(modality, split)[1] for modality in group)
    for other in others:
        if not np.array_equal(arrays[first].ravel(), arrays[other].ravel()):
            raise StorageError(f"data set xmedia: {first} and {other} differ; expected the same class row by row.")
    return arrays[first].ravel()


def _width(arrays: Mapping[str, NDArray[Any]], modality: str) -> int:
    """How many numbers a row of a modality has, in train and in test."""
    train, test = (_names(modality, split)[0] for split in PARTS)
    if arrays[train].shape[1] != arrays[test].shape[1]:
        raise StorageError(
            f"data set xmedia: {train} has rows of {arrays[train].shape[1]} numbers, {test} of {arrays[test].shape[1]}."
        )
    return int(arrays[train].shape[1])
