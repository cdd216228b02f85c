"""collection.json: what a stored collection is, and whether the folder holds one at all."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commonspace.errors import StorageError
from commonspace.files import replacing

FORMAT = 1
FILE, SPACE, TABLE = "collection.json", "space", "items"
_UNFINISHED = (
    ".unfinished"  # there from the first byte of `create` to the last: tells our remains from a stranger's files
)


@dataclass(frozen=True)
class EncoderRecord:
    """Which encoder made the rows of a modality."""

    name: str
    fingerprint: str


@dataclass(frozen=True)
class Manifest:
    """What is written beside the vectors.

    Attributes:
        dim: The length of a vector.
        has_space: Whether the folder holds a copy of a fitted space.
        encoders: Modality -> the encoder whose rows the space was given.
    """

    dim: int
    has_space: bool = False
    encoders: dict[str, EncoderRecord] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Writes collection.json, which makes the folder a collection."""
        content = {
            "format": FORMAT,
            "dim": self.dim,
            "space": self.has_space,
            "encoders": {m: {"name": e.name, "fingerprint": e.fingerprint} for m, e in self.encoders.items()},
        }
        with replacing(folder / FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
        (folder / _UNFINISHED).unlink(missing_ok=True)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Reads collection.json.

        Raises:
            StorageError: If the folder holds no collection, half of one, or one that this version cannot read.
        """
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            if (folder / _UNFINISHED).exists():
                raise StorageError(
                    f"{folder} is half-written: its creation was interrupted. Create it again."
                ) from None
            raise StorageError(
                f"{folder} is no collection: it has no {FILE}. Make one with Collection.create."
            ) from None
        except (OSError, ValueError) as error:
            raise StorageError(
                f"{folder / FILE} is damaged ({error}). Restore it, or create the collection again."
            ) from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            found = content.get("format") if isinstance(content, dict) else None
            raise StorageError(
                f"{folder / FILE} is of format {found!r}; this version reads format {FORMAT}. "
                "Open it with the version that wrote it, or create the collection again."
            )
        return cls._parse(content, folder)

    @classmethod
    def _parse(cls, content: dict[str, Any], folder: Path) -> Manifest:
        try:
            dim, has_space = content["dim"], content["space"]
            encoders = {m: EncoderRecord(str(e["name"]), str(e["fingerprint"])) for m, e in content["encoders"].items()}
            if type(dim) is not int or dim < 1 or type(has_space) is not bool:
                raise ValueError(f"dim {dim!r}, space {has_space!r}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageError(
                f"{folder / FILE} is damaged ({error}). Restore it, or create the collection again."
            ) from error
        return cls(dim, has_space, encoders)


def is_collection(path: Path) -> bool:
    """Whether a folder holds a collection, whole as far as its manifest tells."""
    return (path / FILE).is_file()


def claim(folder: Path, *, overwrite: bool) -> None:
    """Makes `folder` ready for a new collection.

    Only files of a collection are ever removed: of a whole one with `overwrite`, of a half-made one always.

    Raises:
        StorageError: If the folder holds a collection and `overwrite` is not set, or holds other things.
    """
    if folder.exists() and not folder.is_dir():
        raise StorageError(f"{folder} is a file. Pick a folder.")
    if folder.is_dir() and any(folder.iterdir()):
        whole, half = (folder / FILE).exists(), (folder / _UNFINISHED).exists()
        if not (whole or half):
            raise StorageError(f"{folder} holds other things and is left alone. Pick another folder.")
        if whole and not overwrite:  # a half-made one never held anything, and is begun anew
            raise StorageError(
                f"{folder} holds a collection already: open it with Collection.open, pick another folder, "
                "or pass overwrite=True."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _UNFINISHED).touch()
        _remove_files(folder)
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror or error}. Choose another place.") from error


def abandon(folder: Path) -> None:
    """Takes back a creation that failed; the folder is then as good as new."""
    _remove_files(folder)
    (folder / _UNFINISHED).unlink(missing_ok=True)


def _remove_files(folder: Path) -> None:
    """Removes the files of a collection, and nothing else."""
    (folder / FILE).unlink(missing_ok=True)  # first: from here on the folder is no whole collection
    for name in (SPACE, f"{TABLE}.lance"):
        if (folder / name).exists():
            shutil.rmtree(folder / name)
