"""NUS-WIDE-10k: of NUS-WIDE 1,000 photos of each of ten classes that show none of the other nine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.errors import ParameterError, UnknownNameError

from .draws import draw_by_class
from .nus_wide_files import PARTS, NusWideFiles

PROTOCOLS = ("8000/1000/1000",)
CLASSES = ["animal", "clouds", "flowers", "food", "grass", "person", "sky", "toy", "water", "window"]


def load(
    *,
    root: Path | None = None,
    protocol: str = "8000/1000/1000",
    encoders: Mapping[str, Encoder],
    cache: ViewCache | None = None,
    seed: int = 0,
    per_class: int = 1000,
    bow: bool = False,
) -> Dataset:
    """Loads a draw of ten thousand photos with one label each; features and tags as in `nus_wide.load`.

    Args:
        root: The folder of NUS-WIDE, see `nus_wide.load`. Of the labels, those of the ten classes are enough.
        protocol: "8000/1000/1000": train, validation and test; of each class 800, 100 and 100. The ten classes and
            the sizes are those of papers (from memory); no list of theirs is distributed with NUS-WIDE: this is a
            draw by `seed`, and not the split of any paper.
        encoders: For raw queries: those whose rows are as long as the features. The default ones are not.
        cache: Not used; there is nothing to encode.
        seed: Draws the photos and the split, with the photos in the order of the lists, train before test.
        per_class: How many photos of a class are drawn, a multiple of 10; eight tenths of them are for train.
        bow: Take the 500 visual words too.

    Raises:
        InputError: If no root is given, a file is not UTF-8, or the seed is below 0.
        ParameterError: If `per_class` is no multiple of 10, or a class has fewer photos.
        StorageError: If files are missing, do not match line by line, or a line is not what it should be.
        UnknownNameError: If there is no such protocol.

    References:
        T.-S. Chua et al., NUS-WIDE: a real-world web image database from National University of Singapore, CIVR 2009.
        F. Feng, X. Wang, R. Li, Cross-modal retrieval with correspondence autoencoder, ACM Multimedia 2014.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol of nus-wide-10k", protocol, PROTOCOLS)
    if per_class < 10 or per_class % 10:
        raise ParameterError(f"data set nus-wide-10k: per_class must be 10, 20, 30, ..., got {per_class!r}.")
    files = NusWideFiles.at("nus-wide-10k", root, bow)
    ids = {part: files.ids(part) for part in PARTS}
    shown = np.concatenate([files.labels(CLASSES, part, len(ids[part])) for part in PARTS])
    single = np.flatnonzero(shown.sum(1) == 1)
    labels = [CLASSES[i] for i in shown[single].argmax(1)]
    sizes = {"train": per_class * 8 // 10, "validation": per_class // 10, "test": per_class // 10}
    splits = draw_by_class("nus-wide-10k", labels, CLASSES, sizes, seed=seed)
    drawn = [i for i, split in enumerate(splits) if split]
    keep = np.zeros(len(shown), bool)
    keep[single[drawn]] = True
    n = len(ids["Train"])
    read = [files.views("Train", keep[:n]), files.views("Test", keep[n:])]
    views = {modality: np.concatenate([part[modality] for part in read]) for modality in ("image", "text")}
    whole = ids["Train"] + ids["Test"]
    return Dataset(
        views,
        ids=[whole[i] for i in np.flatnonzero(keep)],
        labels=[labels[i] for i in drawn],
        split=[splits[i] for i in drawn],
        encoders={m: e for m, e in encoders.items() if m in views and e.dim == views[m].shape[1]},
        name="nus-wide-10k",
        protocol=f"{'/'.join(str(size * len(CLASSES)) for size in sizes.values())}, seed {seed}",
    )
