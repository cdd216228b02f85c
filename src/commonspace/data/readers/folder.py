"""A folder of pictures, with captions beside them or in a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from commonspace.data.problems import Problem
from commonspace.errors import InputError

from .assemble import assemble
from .layouts import LAYOUTS
from .pictures import Pictures
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

    - Captions: `a.txt` beside `a.jpg`, each line that holds something is one caption; or one table in the folder, see
      `read_table`, in which case its rows are the items. Without either, the items have pictures only.
    - Several tables: the one called captions, metadata, items or annotations is read.
    - Labels, where no column is a label: the sub-folders, if every picture lies exactly one level down and there are
      two sub-folders or more. Folders called train, val, test ... above them are the splits.
    - Splits, where no column is a split: `train.txt`, `dev.txt` or `val.txt`, and `test.txt`, lists of file names.
    - Hidden files, and files of other kinds, are passed over.

    Args:
        root: The folder.
        columns: As in `read_table`, for the table.

    Raises:
        InputError: If nothing in it can be read, or it holds several tables and none is the main one.
        UnknownNameError: If the table has no such column.
    """
    columns = columns or {}
    pictures = Pictures(root)
    table = _main_table(root)
    if not len(pictures):
        if table is None:
            raise InputError(f"{root}: no picture and no table in it. {LAYOUTS}")
        return read_table(table, columns=columns, pictures=pictures)
    if table is None and any(columns.values()):
        raise InputError(f"{root}: columns are named, but there is no table (csv, tsv, jsonl, parquet) in the folder.")
    reading = _read_table_of(table, columns, pictures) if table is not None else _read_beside(pictures)
    if "split" not in columns:
        reading = add_split_lists(reading, root, pictures)
    return _add_folder_names(reading, pictures, columns)


def _main_table(root: Path) -> Path | None:
    tables = [p for p in sorted(root.iterdir()) if is_table(p) and p.is_file() and not p.name.startswith(".")]
    main = [p for name in MAIN_TABLES for p in tables if p.name.split(".")[0].lower() == name]
    if len(tables) > 1 and not main:
        raise InputError(
            f"{root}: holds several tables, {', '.join(p.name for p in tables)}; give the path of the one to read, or "
            f"call it {MAIN_TABLES[0]}{tables[0].suffix}."
        )
    return next(iter(main or tables), None)


def _read_table_of(table: Path, columns: Mapping[str, str | None], pictures: Pictures) -> Reading:
    rows = read_rows(table)
    roles = find_roles(rows, columns, pictures)
    if "image" not in roles and not any(columns.values()):
        reason = (
            f"no column names the pictures of the folder, therefore it is not read; its columns are "
            f"{', '.join(rows.columns)}. Say which does: columns={{'image': '...'}}."
        )
        reading = _read_beside(pictures)
        return replace(reading, problems=[*reading.problems, Problem(table.name, "image", reason)])
    reading = assemble(rows, roles, pictures)
    used = {path for item in reading.items.get("image", ()) for path in (item if isinstance(item, list) else [item])}
    unused = [name for name in pictures.names if pictures.path(name) not in used]
    if "image" not in roles or not unused:
        return reading
    reason = f"no row of {table.name} for {len(unused)} of {len(pictures)} pictures, first {unused[0]}; left out."
    return replace(reading, problems=[*reading.problems, Problem(table.name, "image", reason)])


def _read_beside(pictures: Pictures) -> Reading:
    """The pictures with the captions of the text files beside them."""
    names, texts, problems = [], [], []
    for name in pictures.names:
        path = Path(pictures.path(name))
        found, reason = pictures.find(name)
        if found is None:
            problems.append(Problem(name, "image", reason))
            continue
        beside = path.with_suffix(".txt")
        names.append(name)
        texts.append(read_lines(beside) if beside.is_file() else [])
    items: dict[str, list[object]] = {"image": [pictures.path(name) for name in names]}
    columns = {"image": "files", "id": "file names"}
    bare = [name for name, lines in zip(names, texts, strict=True) if not lines]
    if len(bare) < len(names):
        several = any(len(lines) > 1 for lines in texts)
        items["text"] = [lines if several and lines else lines[0] if lines else None for lines in texts]
        columns["text"] = "text files beside the pictures"
        if bare:
            reason = f"no caption beside {len(bare)} of {len(names)} pictures, first {bare[0]}; they have no text."
            problems.append(Problem(pictures.root.name, "text", reason))
    return Reading(name=str(pictures.root), items=items, ids=names, columns=columns, problems=problems)


def _add_folder_names(reading: Reading, pictures: Pictures, columns: Mapping[str, str | None]) -> Reading:
    """Labels, and splits, from the folders that the pictures lie in."""
    first = [item[0] if isinstance(item, list) else item for item in reading.items.get("image", ())]
    name_of = {pictures.path(name): name for name in pictures.names}
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
