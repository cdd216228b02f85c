"""The text files of NUS-WIDE: lists of images, labels, features and tags, a line per image everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commonspace.data.readers.text_files import read_lines, text_file
from commonspace.errors import StorageError

from .number_lines import read_rows
from .roots import needed_root

PARTS = ("Train", "Test")
FEATURES = {"CH": 64, "CM55": 225, "CORR": 144, "EDH": 73, "WT": 128}
"""Feature of the image -> how many numbers, in the order in which they are put side by side."""
BOW, TAGS = 500, 1000
PATTERNS = ("{part}_Normalized_{feature}.dat", "{part}_{feature}.dat")
"""What the files of features are called. One of them holds for all files, so that no two scales are mixed."""
LABELS = Path("Groundtruth", "TrainTestLabels")


@dataclass(frozen=True)
class NusWideFiles:
    """The folder of NUS-WIDE.

    Attributes:
        name: What errors call the data set.
        root: The folder with `ImageList/`, `Groundtruth/`, `Low_Level_Features/` and `NUS_WID_Tags/`.
        bow: Whether the 500 visual words are read too.
    """

    name: str
    root: Path
    bow: bool = False

    @classmethod
    def at(cls, name: str, root: Path | None, bow: bool) -> NusWideFiles:
        """The folder, after a look whether its files are there.

        Raises:
            InputError: If no root is given.
            StorageError: If files are missing.
        """
        root = needed_root(root, name, ("ImageList", "Groundtruth", "Low_Level_Features", "NUS_WID_Tags"))
        files = cls(name, root, bow)
        needed = [path for part in PARTS for path in (files.image_list(part), files.tags(part), *files.features(part))]
        if missing := [str(path.relative_to(root)) for path in (*needed, root / LABELS) if not path.exists()]:
            raise StorageError(f"data set {name}: {root} lacks {', '.join(missing)}.")
        return files

    def image_list(self, part: str) -> Path:
        """The file of the images of a part, "Train" or "Test"."""
        return self.root / "ImageList" / f"{part}Imagelist.txt"

    def tags(self, part: str) -> Path:
        """The file of the 1,000 tags of a part."""
        return self.root / "NUS_WID_Tags" / f"{part}_Tags1k.dat"

    def features(self, part: str) -> dict[Path, int]:
        """The files of the image's features -> how many numbers a line has."""
        folder = self.root / "Low_Level_Features"

        def named(pattern: str, part: str) -> dict[Path, int]:
            return {folder / pattern.format(part=part, feature=f): size for f, size in FEATURES.items()}

        complete = [p for p in PATTERNS if all(path.exists() for part in PARTS for path in named(p, part))]
        words = {folder / f"BoW_{part}_int.dat": BOW} if self.bow else {}
        return named((*complete, PATTERNS[0])[0], part) | words

    def ids(self, part: str) -> list[str]:
        """The images of a part, such as "actor/0001_2124494179.jpg"."""
        return [line.replace("\\", "/") for line in read_lines(self.image_list(part))]

    def concepts(self) -> list[str]:
        """The concepts that have a file of labels, in the order of the alphabet."""
        found = (self.root / LABELS).glob("Labels_*_Train.txt")
        return sorted(path.name.removeprefix("Labels_").removesuffix("_Train.txt") for path in found)

    def labels(self, concepts: list[str], part: str, n: int) -> NDArray[np.bool_]:
        """(n, c) whether the images of a part show the concepts.

        Raises:
            StorageError: If a file is missing or has not n lines, or a line is neither 0 nor 1.
        """
        return np.stack([self._label(self.root / LABELS / f"Labels_{c}_{part}.txt", part, n) for c in concepts], 1)

    def _label(self, path: Path, part: str, n: int) -> NDArray[np.bool_]:
        with text_file(path) as file:
            lines = [line.strip() for line in file.read().rstrip().splitlines()]
        if len(lines) != n:
            raise StorageError(
                f"data set {self.name}: {path.name} has {len(lines)} lines, {self.image_list(part).name} has {n}; "
                "they must match line by line."
            )
        if strange := set(lines) - {"0", "1"}:
            at = next(i for i, line in enumerate(lines) if line in strange)
            raise StorageError(f"data set {self.name}: {path.name} line {at + 1}: expected 0 or 1, got {lines[at]!r}.")
        return np.array([line == "1" for line in lines], bool)

    def views(self, part: str, keep: NDArray[np.bool_]) -> dict[str, NDArray[np.float32]]:
        """The features ("image") and tags ("text") of those images of a part that the (n,) mask keeps.

        Raises:
            StorageError: If a file has not n lines, or a line has not the numbers expected.
        """
        like = self.image_list(part).name
        image = [read_rows(path, keep, width, name=self.name, like=like) for path, width in self.features(part).items()]
        text = read_rows(self.tags(part), keep, TAGS, name=self.name, like=like)
        return {"image": np.concatenate(image, axis=1), "text": text}
