"""NUS-WIDE (Chua et al. 2009): photos of Flickr as features, their tags, and several of 81 concepts each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from commonspace.data import Dataset, Encoder, ViewCache
from commonspace.errors import StorageError, UnknownNameError

from .nus_wide_files import LABELS, PARTS, NusWideFiles

PROTOCOLS = ("tc21",)
CONCEPTS, MOST_FREQUENT = 81, 21


def load(
    *,
    root: Path | None = None,
    protocol: str = "tc21",
    encoders: Mapping[str, Encoder],
    cache: ViewCache | None = None,
    bow: bool = False,
) -> Dataset:
    """Loads the photos that show at least one of the 21 most frequent concepts, with all of these as labels.

    The image is its features side by side: colour histogram (CH, 64), colour moments (CM55, 225), correlogram (CORR,
    144), edge directions (EDH, 73) and wavelets (WT, 128), 634 numbers; with `bow` 500 visual words follow. The text
    is 1,000 tags as 0 and 1; a photo with none of these tags has a row of zeros.

    The files are described at https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html.
    The whole set is 269,648 photos, of which 161,789 are for training. tc21 is about 196,000 of them (from memory):
    their features take 1.3 GB of memory, and twice that while they are read.

    Args:
        root: The folder with `ImageList/TrainImagelist.txt`, `Groundtruth/TrainTestLabels/Labels_<concept>_Train.txt`,
            `Low_Level_Features/Train_Normalized_<feature>.dat` (or `Train_<feature>.dat`) and
            `NUS_WID_Tags/Train_Tags1k.dat`, and the same for Test. `bow` also needs `BoW_Train_int.dat` and
            `BoW_Test_int.dat` among the features.
        protocol: "tc21". Which concepts are the most frequent is counted in the label files of both parts; of two as
            frequent, the first by name. The split is the distributed one, train and test.
        encoders: For raw queries: those whose rows are as long as the features. The default ones are not.
        cache: Not used; there is nothing to encode.
        bow: Take the visual words too.

    Raises:
        InputError: If no root is given, or a file is not UTF-8.
        StorageError: If files are missing, do not match line by line, or a line is not what it should be.
        UnknownNameError: If there is no such protocol.

    References:
        T.-S. Chua et al., NUS-WIDE: a real-world web image database from National University of Singapore, CIVR 2009.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol of nus-wide", protocol, PROTOCOLS)
    files = NusWideFiles.at("nus-wide", root, bow)
    concepts = files.concepts()
    if len(concepts) != CONCEPTS:
        raise StorageError(
            f"data set nus-wide: {LABELS} has labels of {len(concepts)} concepts, expected {CONCEPTS}; "
            "the most frequent ones are found by counting all."
        )
    ids = {part: files.ids(part) for part in PARTS}
    shown = {part: files.labels(concepts, part, len(ids[part])) for part in PARTS}
    counts = np.sum([shown[part].sum(0) for part in PARTS], axis=0)
    chosen = np.sort(np.argsort(-counts, kind="stable")[:MOST_FREQUENT])
    keep = {part: np.any(shown[part][:, chosen], axis=1) for part in PARTS}
    read = [files.views(part, keep[part]) for part in PARTS]
    views = {modality: np.concatenate([part[modality] for part in read]) for modality in ("image", "text")}
    return Dataset(
        views,
        ids=[ids[part][i] for part in PARTS for i in np.flatnonzero(keep[part])],
        labels=np.concatenate([shown[part][keep[part]][:, chosen] for part in PARTS]).astype(np.int8),
        label_names=[concepts[i] for i in chosen],
        split=[part.lower() for part in PARTS for _ in range(keep[part].sum())],
        encoders={m: e for m, e in encoders.items() if m in views and e.dim == views[m].shape[1]},
        name="nus-wide",
        protocol=protocol,
    )
