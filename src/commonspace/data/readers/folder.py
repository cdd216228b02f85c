"""A folder of pictures or sounds, with captions beside them or in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from commonspace.data.problems import Problem
from commonspace.errors import InputError

from .assemble import assemble
from .files import Files
from .layouts import LAYOUTS
from .media import Media, find_media, leading
from .reading import Reading
from .roles import find_roles
from .split_lists import SPLIT_NAMES, add_split_lists
from .table import is_table, read_rows, read_table
from .text_files import read_lines

MAIN_TABLES = ("captions", "metadata", "items", "annotations")
"""Where a folder holds several tables, the one of this name is read."""


def read_folder(root: Path, *, columns: Mapping[str, str | None] | None = None) -> Reading:
    """Reads a folder of pictures: .jpg .jpeg .png .gif .bmp .webp .tif .tiff, in it and its sub-folders.

        photos/            photos/               photos/            photos/
          a.jpg              captions.csv          cat/a.jpg          train/cat/a.jpg
          a.txt              images/a.jpg          dog/b.jpg          test/dog/b.jpg
          b.jpg              train.txt

    - Sounds: .wav .flac .ogg .oga .opus .mp3 .aif .aiff; `a.wav` beside `a.jpg` is the sound of that picture. A folder
      without pictures is one of sounds, and everything below holds of them.
    - Captions: `a.txt` beside `a.jpg`, each line that holds something is one caption; or one table in the folder, see
      `read_table`, in which case its rows are the items. Without either, the items have pictures only.
    - Several tables: the one called captions, metadata, items or annotations is read.
    - Labels, where no column is a label: the sub-folders, if every picture lies exactly one level down and there are
      two sub-folders or more. Folders called train, val, test ... above them are the splits.
    - Splits, where no column is a split: `train.txt`, `dev.txt` or `val.txt`, and `test.txt`, lists of file names.
    - Hidden files, and files of other kinds, are passed over.

    Args:
        root: The folder.
        columns: As in `read_table`, for the table. None for "image" or "audio" passes over these files.

    Raises:
        InputError: If nothing in it can be read, or it holds several tables and none is the main one.
        UnknownNameError: If the table has no such column.
    """
    columns = columns or {}
    media = find_media(root, without=[role for role, column in columns.items() if not column])
    table = _main_table(root)
    if not any(len(files) for files in media.values()):
        if table is None:
            raise InputError(f"{root}: no picture, no sound and no table in it. {LAYOUTS}")
        return read_table(table, columns=columns, media=media)
    if table is None and any(columns.values()):
        raise InputError(
            f"{root}: columns are named, but there is no table (csv, tsv, jsonl, parquet) in the folder. Put the table "
            "there, beside or above the files that it names."
        )
    reading = _read_table_of(table, columns, media) if table is not None else _read_beside(media)
    if "split" not in columns:
        reading = add_split_lists(reading, root, media)
    reading = replace(reading, problems=[*reading.problems, *_garbled(media)])
    return _add_folder_names(reading, media, columns)


def _garbled(media: Media) -> list[Problem]:
    """What to tell of the files whose names are no text."""
    reason = "its name is no valid UTF-8; left out. Rename it."
    return [Problem(ascii(name), modality, reason) for modality, files in media.items() for name in files.garbled]


def _main_table(root: Path) -> Path | None:
    tables = [p for p in sorted(root.iterdir()) if is_table(p) and p.is_file() and not p.name.startswith(".")]
    main = [p for name in MAIN_TABLES for p in tables if p.name.split(".")[0].lower() == name]
    if len(tables) > 1 and not main:
        raise InputError(
            f"{root}: holds several tables, {', '.join(p.name for p in tables)}; give the path of the one to read, or "
            f"call it {MAIN_TABLES[0]}{tables[0].suffix}."
        )
    return next(iter(main or tables), None)


def _read_table_of(table: Path, columns: Mapping[str, str | None], media: Media) -> Reading:
    rows = read_rows(table)
    roles = find_roles(rows, columns, media)
    if leading(media, roles) is None and not any(columns.values()):
        modality = next(modality for modality, files in media.items() if len(files))
        reason = (
            f"no column names the {media[modality].what}s of the folder, therefore it is not read; its columns are "
            f"{', '.join(rows.columns)}. Say which does: columns={{{modality!r}: '...'}}."
        )
        reading = _read_beside(media)
        return replace(reading, problems=[*reading.problems, Problem(table.name, modality, reason)])
    reading = assemble(rows, roles, media)
    unused = [_unused(table, modality, media[modality], reading) for modality in media if modality in roles]
    return replace(reading, problems=[*reading.problems, *(problem for problem in unused if problem is not None)])


def _unused(table: Path, modality: str, files: Files, reading: Reading) -> Problem | None:
    """What to tell of the files that no row of the table names."""
    items = reading.items.get(modality, ())
    used = {path for item in items for path in (item if isinstance(item, list) else [item]) if isinstance(path, str)}
    unused = [name for name in files.names if files.path(name) not in used]
    if not unused:
        return None
    reason = f"no row of {table.name} for {len(unused)} of {len(files)} {files.what}s, first {unused[0]}; left out."
    return Problem(table.name, modality, reason)


def _read_beside(media: Media) -> Reading:
    """The pictures, or else the sounds, with what lies beside them under the same name: captions, and sounds."""
    modality = next(modality for modality, files in media.items() if len(files))
    files, sounds = media[modality], media["audio"] if modality == "image" else None
    names, texts, problems = [], [], []
    for name in files.names:
        found, reason = files.find(name)
        if found is None:
            problems.append(Problem(name, modality, reason))
            continue
        beside = Path(files.path(name)).with_suffix(".txt")
        names.append(name)
        texts.append(read_lines(beside) if beside.is_file() else [])
    items: dict[str, list[object]] = {modality: [files.path(name) for name in names]}
    columns = {modality: "files", "id": "file names"}
    if sounds is not None and len(sounds):
        heard, lone = _sounds_beside(names, sounds)
        if any(heard):
            items["audio"], columns["audio"] = heard, "files beside the pictures"
        if lone:
            reason = f"no picture beside {len(lone)} of {len(sounds)} sounds, first {lone[0]}; passed over."
            problems.append(Problem(files.root.name, "audio", reason))
    bare = [name for name, lines in zip(names, texts, strict=True) if not lines]
    if len(bare) < len(names):
        several = any(len(lines) > 1 for lines in texts)
        items["text"] = [lines if several and lines else lines[0] if lines else None for lines in texts]
        columns["text"] = f"text files beside the {files.what}s"
        if bare:
            reason = f"no caption beside {len(bare)} of {len(names)} {files.what}s, first {bare[0]}; they have no text."
            problems.append(Problem(files.root.name, "text", reason))
    return Reading(name=str(files.root), items=items, ids=names, columns=columns, problems=problems)


def _sounds_beside(names: Sequence[str], sounds: Files) -> tuple[list[object], list[str]]:
    """For each picture the path of its sound, or None; and the sounds of no picture."""
    by_stem = {str(PurePath(name).with_suffix("")): name for name in reversed(sounds.names)}  # of several the first
    stems = [str(PurePath(name).with_suffix("")) for name in names]
    heard: list[object] = [sounds.path(by_stem[stem]) if stem in by_stem else None for stem in stems]
    return heard, [name for name in sounds.names if str(PurePath(name).with_suffix("")) not in {*stems}]


def _add_folder_names(reading: Reading, media: Media, columns: Mapping[str, str | None]) -> Reading:
    """Labels, and splits, from the folders that the pictures, or else the sounds, lie in."""
    modality = leading(media, reading.items)
    if modality is None:
        return reading
    first = [item[0] if isinstance(item, list) else item for item in reading.items[modality]]
    name_of = {media[modality].path(name): name for name in media[modality].names}
    if not first or not all(isinstance(path, str) and path in name_of for path in first):
        return reading
    folders = [PurePath(name_of[path]).parts[:-1] for path in first]
    taken = dict(reading.columns)
    if all(f and f[0].lower() in SPLIT_NAMES for f in folders):
        if reading.split is None and "split" not in columns:
            taken["split"] = "sub-folders"
            reading = replace(reading, split=[SPLIT_NAMES[f[0].lower()] for f in folders])
        folders = [f[1:] for f in folders]
    if reading.labels is None and "label" not in columns and {len(f) for f in folders} == {1} and len({*folders}) > 1:
        taken["label"] = "sub-folders"
        reading = replace(reading, labels=[f[0] for f in folders])
    return replace(reading, columns=taken)
