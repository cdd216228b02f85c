"""From a table and the roles of its columns to items: rows of one picture become one item with several captions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from commonspace.data.problems import Problem
from commonspace.errors import InputError

from .features import check_features
from .media import Media, leading
from .reading import Reading
from .roles import MODALITIES, ROLES
from .rows import Column, Rows
from .times import EXPECTED, parse_time
from .values import parse_labels, parse_metadata


def assemble(rows: Rows, roles: dict[str, str], media: Media) -> Reading:
    """The items of a table.

    A row is an item, unless the table has no id and several rows name one picture (or sound, where there are no
    pictures): those are one item whose texts are its parts. Rows whose picture or sound is not there, or that hold
    nothing, are left out and told.

    Args:
        rows: The table.
        roles: Role -> column.
        media: The pictures and sounds that its values name.

    Raises:
        InputError: If there is no row, no column is a modality, ids repeat, or features are not finite.
    """
    if not len(rows):
        told = f" {rows.problems[0]}" if rows.problems else ""
        raise InputError(f"{rows.name}: no row of it could be read.{told}")
    modalities = [m for m in MODALITIES if m in roles] + [role for role in roles if role not in ROLES]
    if not modalities:
        raise InputError(
            f"{rows.name}: no column holds pictures, sounds, texts or lists of numbers; its columns are "
            f"{', '.join(rows.columns)}. Say which is which, for example columns={{'text': '...'}}."
        )
    problems = list(rows.problems)
    cells = {m: _cells(m, rows, roles[m], media, problems) for m in modalities}
    kept = _kept(cells, rows, problems)
    leader = leading(media, cells)
    items = _group(rows, roles, None if leader is None else cells[leader], leader, kept, problems)
    what = media[leader].what if leader is not None else "id"
    first = [members[0] for _, members in items]

    def column(role: str, name: str) -> Column:
        values = rows.columns[name]
        _tell_conflict(role, values, items, rows, problems, what)
        return values[first] if isinstance(values, np.ndarray) else [values[row] for row in first]

    labels, label_names = parse_labels(column("label", roles["label"])) if "label" in roles else (None, None)
    time = None
    if "time" in roles:
        values = column("time", roles["time"])
        time, bad = parse_time(values)
        reason = f"none of {EXPECTED}; taken as unknown."
        problems += [Problem(rows.where(first[i]), "time", f"{values[i]!r} is {reason}") for i in bad]
        time = [None] * len(first) if time is None else time
    texts = {role: [_text(v) for v in column(role, roles[role])] for role in ("split", "group") if role in roles}
    for modality, features in cells.items():
        if isinstance(features, np.ndarray):
            _tell_conflict(modality, features, items, rows, problems, what)
    others = [c for c in rows.columns if c not in roles.values()]
    return Reading(
        name=rows.name,
        items={m: _items(m, values, items) for m, values in cells.items()},
        ids=[name for name, _ in items],
        labels=labels,
        label_names=label_names,
        time=time,
        split=texts.get("split"),
        groups=texts.get("group"),
        metadata={c: parse_metadata(column(f"metadata {c}", c)) for c in others},
        columns=dict(roles) if "id" in roles or leader is None else {**roles, "id": roles[leader]},
        problems=problems,
    )


def _cells(modality: str, rows: Rows, column: str, media: Media, problems: list[Problem]) -> Column:
    """Per row its raw items, as a list; None where it has none, [] where its files cannot be used. Or features."""
    values = rows.columns[column]
    if isinstance(values, np.ndarray):
        return check_features(f"{rows.name}: {column}", values)
    lists = [None if v is None else v if isinstance(v, list) else [v] for v in values]
    if modality == "text":
        return [[t for t in map(_text, v) if t] or None if v is not None else None for v in lists]
    find = lru_cache(maxsize=None)(media[modality].find)  # each file once, not once per caption
    out: list[Any] = []
    for row, value in enumerate(lists):
        parts: list[Any] = []
        for part in value or ():
            item, reason = part, f"expected a file name or bytes, got {type(part).__name__}."
            if not isinstance(part, bytes):
                item, reason = find(part) if isinstance(part, str) else (None, reason)
            if item is None:
                problems.append(Problem(rows.where(row), modality, reason))
            else:
                parts.append(item)
        out.append(parts if value else None)
    return out


def _kept(cells: dict[str, Column], rows: Rows, problems: list[Problem]) -> list[int]:
    """The rows that can be used."""
    present, unusable = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for values in cells.values():
        if isinstance(values, np.ndarray):
            present |= ~np.isnan(values).reshape(len(rows), -1).all(1)
        else:
            present |= [value is not None for value in values]
            unusable |= [value == [] for value in values]  # its files cannot be used, and that is told already
    reason = f"holds no {' and no '.join(cells)}; left out."
    problems += [Problem(rows.where(int(row)), "row", reason) for row in np.flatnonzero(~present)]
    return [int(row) for row in np.flatnonzero(present & ~unusable)]


def _group(
    rows: Rows,
    roles: dict[str, str],
    files: Column | None,
    leader: str | None,
    kept: list[int],
    problems: list[Problem],
) -> list[tuple[str, list[int]]]:
    """The items: an id each, and the rows that make it up, which are those of one file of the leading modality."""
    if "id" in roles:
        seen: dict[str, int] = {}
        for row in kept:
            name = _text(rows.columns[roles["id"]][row])
            if name is None:
                problems.append(Problem(rows.where(row), "id", "is empty; the row is left out."))
            elif name in seen:
                raise InputError(
                    f"{rows.name}: id {name!r} stands in {rows.where(seen[name])} and again in {rows.where(row)}; ids "
                    f"must be distinct. If column {roles['id']!r} is no identifier, say so: columns={{'id': None}}."
                )
            else:
                seen[name] = row
        return [(name, [row]) for name, row in seen.items()]
    if leader is None or files is None or isinstance(files, np.ndarray):
        return [(rows.row_id(row), [row]) for row in kept]
    groups: dict[Any, list[int]] = {}
    for row in kept:
        groups.setdefault(row if files[row] is None else tuple(files[row]), []).append(row)
    written = rows.columns[roles[leader]]
    return [(_file_id(written[members[0]], rows, members[0]), members) for members in groups.values()]


def _file_id(written: Any, rows: Rows, row: int) -> str:
    """What the table calls a file; the row where it gives bytes, several, or none."""
    return written if isinstance(written, str) else rows.row_id(row) if isinstance(written, bytes) else f"row {row}"


def _items(modality: str, values: Column, items: list[tuple[str, list[int]]]) -> Column:
    """The raw items of a modality, by item: those of its first row; of texts, those of all its rows."""
    if isinstance(values, np.ndarray):
        return values[[members[0] for _, members in items]]
    if modality == "text":
        parts = [[text for row in members for text in values[row] or ()] for _, members in items]
    else:
        parts = [values[members[0]] or [] for _, members in items]
    if any(len(entry) > 1 for entry in parts):
        return [entry or None for entry in parts]
    return [entry[0] if entry else None for entry in parts]


def _tell_conflict(
    role: str, values: Column, items: list[tuple[str, list[int]]], rows: Rows, problems: list[Problem], what: str
) -> None:
    """One problem for all items whose rows do not agree on a field."""
    unlike = []
    for name, members in items:
        odd = next((row for row in members[1:] if _differ(values[row], values[members[0]])), None)
        if odd is not None:
            unlike.append((name, members[0], odd))
    if unlike:
        name, first, odd = unlike[0]
        reason = (
            f"{values[odd]!r}, but {values[first]!r} in {rows.where(first)}, for the same {what} {name}; the first is "
            f"kept, here and for {len(unlike) - 1} other {what}s."
        )
        problems.append(Problem(rows.where(odd), role, reason))


def _differ(one: Any, other: Any) -> bool:
    return not np.array_equal(one, other, equal_nan=True) if isinstance(one, np.ndarray) else bool(one != other)


def _text(value: Any) -> str | None:
    """A value as text, None where there is nothing in it."""
    if value is None or value != value:
        return None
    text = str(value)
    return text if text.strip() else None
