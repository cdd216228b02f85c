"""collection.json: what a stored collection is, and whether the folder holds one at all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commonspace.errors import StorageError
from commonspace.files import replacing

FORMAT = 2
FILE, UNFINISHED = "collection.json", ".unfinished"


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
        space: The fingerprint of the fitted space of which the folder holds a copy; None where there is none.
        encoders: Modality -> the encoder whose rows the space was given.
        generation: How often the collection was replaced: names the folders of its table and space.
        kinds: Modality -> what its encoder reads, such as "image"; None where that was not kept yet, and where a joint
            row does not tell a path from a text.
    """

    dim: int
    space: str | None = None
    encoders: dict[str, EncoderRecord] = field(default_factory=dict)
    generation: int = 0
    kinds: dict[str, str] | None = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Writes collection.json, which makes the folder a collection, in the place of the one it was."""
        content = {
            "format": FORMAT,
            "dim": self.dim,
            "space": self.space,
            "encoders": {m: {"name": e.name, "fingerprint": e.fingerprint} for m, e in self.encoders.items()},
            "generation": self.generation,
            "kinds": self.kinds,
        }
        with replacing(folder / FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Reads collection.json.

        Raises:
            StorageError: If the folder holds no collection, half of one, or one that this version cannot read.
        """
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            if (folder / UNFINISHED).exists():
                raise StorageError(
                    f"{folder} is half-written: its creation was interrupted, or is going on in another process. "
                    "Create it again."
                ) from None
            raise StorageError(
                f"{folder} is no collection: it has no {FILE}. Make one with Collection.create."
            ) from None
        except OSError as error:
            raise StorageError(
                f"{folder / FILE} cannot be read: {error.strerror or error}. Let this user read it, and try again."
            ) from error
        except ValueError as error:
            raise _damaged(folder, error) from error
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
            dim, space, generation = content["dim"], content["space"], content["generation"]
            encoders = {m: EncoderRecord(str(e["name"]), str(e["fingerprint"])) for m, e in content["encoders"].items()}
            if type(dim) is not int or dim < 1 or type(generation) is not int or generation < 0:
                raise ValueError(f"dim {dim!r}, generation {generation!r}")
            kinds = content.get("kinds")
            if kinds is not None:
                kinds = {m: str(kind) for m, kind in kinds.items()}
            if not (space is None or (isinstance(space, str) and space)):
                raise ValueError(f"space {space!r}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(folder, error) from error
        return cls(dim, space, encoders, generation, kinds)


def is_collection(path: Path) -> bool:
    """Whether a folder holds a collection, whole as far as its manifest tells.

    Examples:
        >>> is_collection(Path("no such folder"))
        False
    """
    return (path / FILE).is_file()


def stamp(folder: Path) -> tuple[int, int] | None:
    """What differs once another collection was created in a folder: which file collection.json is, and since when."""
    try:
        found = (folder / FILE).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def table_name(generation: int) -> str:
    """The name of a table within the folder."""
    return f"items-{generation}" if generation else "items"


def table_folder(generation: int) -> str:
    """The name of the folder that Lance keeps a table in."""
    return f"{table_name(generation)}.lance"


def space_folder(generation: int) -> str:
    """The name of the folder of the copy of the space."""
    return f"space-{generation}" if generation else "space"


def map_file(generation: int) -> str:
    """The name of the file of the map."""
    return f"map-{generation}.parquet" if generation else "map.parquet"


def index_file(generation: int) -> str:
    """The name of the file that tells how the index was measured."""
    return f"index-{generation}.json" if generation else "index.json"


def _damaged(folder: Path, error: Exception) -> StorageError:
    return StorageError(f"{folder / FILE} is damaged ({error}). Restore it, or create the collection again.")
