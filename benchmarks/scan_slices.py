"""Registered slices of heads: read, and split so that near-duplicates are in one part, by whole heads or by runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.model_selection import GroupKFold

import commonspace as cs

COLLECTIONS = ("CT-MRI", "PET-MRI", "SPECT-MRI")
SEEDS, SIDE = range(3), 64
FOLDS = 5
MARGIN = 2
"""Slices left out on either side of a run, as they are nearly those at its ends."""

Mask = NDArray[np.bool_]
Matrix = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """Which slices are learnt from, chosen by, and measured on; no slice is in two of them."""

    fit: Mask
    choose: Mask
    test: Mask


@dataclass(frozen=True)
class Fold:
    """Slices to fit on, to choose by, and to measure on."""

    fit: cs.Dataset
    choose: cs.Dataset
    test: cs.Dataset

    def both(self) -> dict[str, Matrix]:
        """The views to fit on and to choose by."""
        return {m: np.concatenate([self.fit.view(m), self.choose.view(m)]) for m in self.fit.modalities}


def read(root: Path) -> tuple[list[Path], list[str]]:
    """The files of the first kind, and the names of both kinds."""
    kinds = sorted(folder.name for folder in root.iterdir() if folder.is_dir())
    return sorted((root / kinds[0]).glob("*.png")), kinds


def splits(files: Sequence[Path]) -> dict[str, list[Part]]:
    """Both splits of the slices."""
    heads, numbers = [str(int(f.stem) // 1000) for f in files], [int(f.stem) % 1000 for f in files]
    return {"runs": by_runs(heads, numbers), "heads": by_heads(heads)}


def folds(views: Mapping[str, Matrix], parts: Sequence[Part]) -> list[Fold]:
    """The views of each part."""
    data = cs.Dataset(dict(views))
    return [Fold(*(data.take(np.flatnonzero(mask)) for mask in (p.fit, p.choose, p.test))) for p in parts]


def fitted(cls: type, params: Mapping[str, Any], seed: int, fold: Fold, *, whole: bool = False) -> Any:
    """A space that has learnt from the fold; the slices to choose by stop a deep one, or are learnt from too."""
    known = cls().get_params()
    space = cls(**params, **({"random_state": seed} if "random_state" in known else {}))
    if "max_epochs" in known:
        return space.fit(fold.fit.views, validation=(fold.choose.views, None))
    return space.fit(fold.both() if whole else fold.fit.views)


def brightness(path: Path) -> Matrix:
    """A slice as a row of 64 x 64 numbers from 0 to 1."""
    pixels = np.asarray(Image.open(path).convert("RGB")).max(-1)
    small = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel() / 255


def by_heads(heads: Sequence[str]) -> list[Part]:
    """Whole heads held out, in as many folds as there are heads, five at most; of the rest about a quarter chooses."""
    found = []
    for train, test in GroupKFold(min(FOLDS, len(set(heads)))).split(heads, groups=heads):
        own = np.asarray(heads)[train]
        fit, choose = next(GroupKFold(min(4, len(set(own)))).split(own, groups=own))
        found.append(Part(*(_mask(rows, len(heads)) for rows in (train[fit], train[choose], test))))
    return found


def by_runs(heads: Sequence[str], numbers: Sequence[int]) -> list[Part]:
    """Each head cut into five runs of neighbouring slices, of which one is held out and the next one chooses.

    What lies within `MARGIN` slices of a held-out run, in the same head, is in no part.
    """
    runs = np.zeros(len(heads), int)
    for head in set(heads):
        own = np.flatnonzero(np.asarray(heads) == head)
        own = own[np.argsort(np.asarray(numbers)[own])]
        for k, rows in enumerate(np.array_split(own, FOLDS)):
            runs[rows] = k
    found = []
    for k in range(FOLDS):
        test = runs == k
        rest = ~_near(test, heads, numbers)
        choose = rest & (runs == (k + 1) % FOLDS)
        found.append(Part(rest & ~_near(choose, heads, numbers), choose, test))
    return found


def resemblance(pictures: NDArray[Any], parts: Sequence[Part]) -> float:
    """The highest correlation of a test slice with one that is learnt from; the mean over test slices of all folds."""
    rows = pictures - pictures.mean(1, keepdims=True)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return float(np.concatenate([(rows[part.test] @ rows[part.fit].T).max(1) for part in parts]).mean())


def _near(chosen: Mask, heads: Sequence[str], numbers: Sequence[int]) -> Mask:
    """Slices that are among the chosen, or within `MARGIN` of one of the same head."""
    h, at = np.asarray(heads), np.asarray(numbers)
    close = (h[:, None] == h[chosen][None]) & (np.abs(at[:, None] - at[chosen][None]) <= MARGIN)
    return np.asarray(close.any(1))


def _mask(rows: NDArray[Any], n: int) -> Mask:
    found = np.zeros(n, bool)
    found[rows] = True
    return found
