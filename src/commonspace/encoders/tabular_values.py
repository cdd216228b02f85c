"""Values of a table's cells: what is missing, what kind a column is of, and cells as numbers, dates and categories."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa

from commonspace.errors import InputError

Kind = Literal["number", "category", "date"]
KINDS: tuple[str, ...] = get_args(Kind)

_NUMERAL = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
"""Not "007", which is a name."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_NO_VALUE = ("NAType", "NaTType")
"""What pandas writes for a missing value, known by name so that pandas need not be there."""


def as_columns(rows: Any) -> tuple[dict[str, list[Any]], dict[int, str]]:
    """Rows as field -> n values, None where a row lacks the field, and the reasons for rows that are no mapping.

    Args:
        rows: n mappings from field to value, a pandas data frame or an Arrow table.

    Raises:
        InputError: If it is none of these, or two fields have one name.
    """
    if isinstance(rows, pa.Table | pa.RecordBatch):
        names, values = rows.schema.names, [column.to_pylist() for column in rows.columns]
    elif hasattr(rows, "columns") and hasattr(rows, "iloc"):
        names = [str(name) for name in rows.columns]
        values = [rows.iloc[:, i].astype(object).tolist() for i in range(len(names))]
    elif isinstance(rows, Sequence) and not isinstance(rows, str | bytes):
        return _transposed(rows)
    else:
        raise InputError(
            f"tabular: expected rows as a list of mappings field -> value, a data frame or an Arrow table, "
            f"got {type(rows).__name__}."
        )
    if twice := next((name for i, name in enumerate(names) if name in names[:i]), None):
        raise InputError(f"tabular: two columns are called {twice!r}; rename one.")
    return dict(zip(names, values, strict=True)), {}


def _transposed(rows: Sequence[Any]) -> tuple[dict[str, list[Any]], dict[int, str]]:
    reasons = {
        i: f"tabular: expected a mapping field -> value, got {type(row).__name__}."
        for i, row in enumerate(rows)
        if not isinstance(row, Mapping)
    }
    names = dict.fromkeys(str(name) for i, row in enumerate(rows) if i not in reasons for name in row)
    texts = [{} if i in reasons else {str(name): value for name, value in row.items()} for i, row in enumerate(rows)]
    return {name: [row.get(name) for row in texts] for name in names}, reasons


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT, pandas' NA, or a text without characters."""
    if value is None or type(value).__name__ in _NO_VALUE:
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, float | np.floating | np.datetime64 | Decimal) and bool(value != value)


def kind_of(name: str, values: Sequence[Any]) -> Kind | None:
    """What a column is by its values; None where all are missing. Texts are told apart as a csv needs it.

    Raises:
        InputError: If values are of several kinds, or of one that is not taken.
    """
    given = [value for value in values if not is_missing(value)]
    first: dict[str, Any] = {}
    for value in given:
        first.setdefault(_family(value), value)
    if len(first) > 1:
        (one, a), (other, b) = list(first.items())[:2]
        raise InputError(
            f"tabular: column {name!r} holds both {one} ({a!r}) and {other} ({b!r}). Give None where a value is "
            f"missing, or say what it is: kinds={{{name!r}: 'category'}}."
        )
    if not first:
        return None
    [family] = first
    if family not in ("booleans", "numbers", "dates", "texts"):
        raise InputError(
            f"tabular: column {name!r}: expected numbers, texts, dates or booleans, got {family}; leave it out."
        )
    if family == "texts" and all(_NUMERAL.fullmatch(value.strip()) for value in given):
        family = "numbers"
    if family == "texts" and all(_is_date_text(value.strip()) for value in given):
        family = "dates"
    return "number" if family == "numbers" else "date" if family == "dates" else "category"


def _family(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "booleans"
    if isinstance(value, int | float | Decimal | np.number):
        return "numbers"
    if isinstance(value, dt.date | np.datetime64):
        return "dates"
    return "texts" if isinstance(value, str) else type(value).__name__


def _is_date_text(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and bool(dt.datetime.fromisoformat(text))
    except ValueError:
        return False


def as_number(value: Any) -> float:
    """A cell as a number; a text must be a numeral.

    Raises:
        ValueError: If it is none, or not finite; the message says what was expected and what came.
    """
    numeral = isinstance(value, str) and _NUMERAL.fullmatch(value.strip())
    if not numeral and _family(value) != "numbers":
        raise ValueError(f"expected a number, got {value!r}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {value!r}")
    return number


def as_date(value: Any) -> dt.datetime:
    """A cell as date and time, in UTC where it names a zone; a text must be an ISO date.

    Raises:
        ValueError: If it is none; the message says what was expected and what came.
    """
    found = value.strip() if isinstance(value, str) else value
    if isinstance(found, np.datetime64):
        found = found.astype("datetime64[us]").item()
    if isinstance(found, str) and _is_date_text(found):
        found = dt.datetime.fromisoformat(found)
    if isinstance(found, dt.datetime):
        return found if found.tzinfo is None else found.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(found, dt.date):
        return dt.datetime(found.year, found.month, found.day)
    raise ValueError(f"expected a date such as 1950-03-01, got {value!r}")


def as_category(value: Any) -> str:
    """A cell as the name of a category. Whole numbers are written without a point: a missing value turns 3 into 3.0.

    Raises:
        ValueError: If it is neither text, number, date nor boolean.
    """
    family = _family(value)
    if family == "booleans":
        return "true" if value else "false"
    if family == "numbers" and math.isfinite(value) and value == int(value):
        return str(int(value))
    if family not in ("texts", "numbers", "dates"):
        raise ValueError(f"expected a text, got {family}")
    return str(value).strip()
