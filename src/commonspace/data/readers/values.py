"""Labels and metadata from the values of a column."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonspace.data.columns import multi_hot

from .rows import Column

_INTEGER = re.compile(r"-?(0|[1-9]\d*)")
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DATES = (dt.date, dt.datetime)
_LONGEST = 20
"""Characters of the integers of 64 bits."""


def parse_labels(values: Column) -> tuple[list[Any] | NDArray[np.int8], tuple[str, ...] | None]:
    """Labels as `Dataset` takes them: one per item, or (n, c) 0/1 and the c names.

    An item has several labels where its value is a list, or a text parted by "|" ("drama|war"). An array of 0 and 1
    is taken as it is, unless it has one column, which is the class of each item.
    """
    if isinstance(values, np.ndarray):
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0].tolist()
        elif values.ndim == 2 and np.isin(values, (0, 1)).all():
            return values.astype(np.int8), tuple(str(j) for j in range(values.shape[1]))
        else:
            values = _lists(values)
    values = [None if v != v else v for v in values]  # NaN
    if not any(isinstance(v, list) or (isinstance(v, str) and "|" in v) for v in values):
        kinds = {type(v) for v in values if v is not None}
        return [None if v is None else v if len(kinds) == 1 else str(v) for v in values], None
    rows = [[str(label).strip() for label in _several(v) if label is not None and label == label] for v in values]
    rows = [[label for label in row if label] for row in rows]
    names = tuple(sorted({label for row in rows for label in row}))
    return multi_hot(rows, names), names


def parse_metadata(values: Column) -> list[Any]:
    """Values of one type: integers, decimals and texts of a csv told apart, mixed ones and objects as text.

    Numbers with leading zeros ("007") are names, and stay text; so do integers of which one is beyond 64 bits, as they
    would not be told apart as decimals.
    """
    if isinstance(values, np.ndarray):
        return _lists(values)
    given = [v for v in values if v is not None]
    kinds = {type(v) for v in given}
    if kinds == {str}:
        if all(_INTEGER.fullmatch(v) for v in given):
            return [None if v is None else int(v) for v in values] if all(map(_fits, given)) else list(values)
        if all(_DECIMAL.fullmatch(v) for v in given):
            return [None if v is None else float(v) for v in values]
        return list(values)
    if kinds == {int} and all(map(_fits, given)):
        return list(values)
    if kinds == {int, float}:
        return [None if v is None else float(v) for v in values]
    if len(kinds) == 1 and kinds <= {bool, float, bytes, *_DATES}:
        return list(values)
    if kinds == {list}:
        inner = {type(x) for v in given for x in v if x is not None}
        if len(inner) <= 1 and inner <= {str, int, float, bool}:
            return list(values)
    return [None if v is None else _as_text(v) for v in values]


def _lists(values: NDArray[Any]) -> list[Any]:
    """Rows as lists; None for those that are NaN all over."""
    absent = np.isnan(values).reshape(len(values), -1).all(1)
    return [None if gone else row for gone, row in zip(absent, values.tolist(), strict=True)]


def _fits(value: str | int) -> bool:
    """Whether an integer is one of 64 bits."""
    return (isinstance(value, int) or len(value) <= _LONGEST) and -(2**63) <= int(value) < 2**63


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else str(value).split("|") if value is not None else ()


def _as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
