"""Rows of tables: numbers, categories, dates and missing values."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import InputError, ParameterError, StorageError, UnknownNameError, UnreadableItemsError
from commonspace.files import replacing

from .tabular_columns import FEATURES, CategoryColumn, NumericColumn, Reasons
from .tabular_values import KINDS, Kind, as_columns, is_missing, kind_of

FORMAT = "commonspace tabular encoder 1"
MOST_CATEGORIES = 100

_logger = logging.getLogger("commonspace")

Column = NumericColumn | CategoryColumn


class TabularEncoder:
    r"""Rows of a table as numbers, by what the rows of the training part were.

    | a column of | gives | a missing value |
    |---|---|---|
    | numbers | 1: $(x - \mu) / \sigma$ | the median; and one more number says so, if any was missing in training |
    | dates | 5: the years, and sine and cosine of the place in the year and in the week, all standardised; 7 with those of the day, if a time is given | the median of the years and the middle of the circles; and as above |
    | categories, booleans | 1 in the place of the category, 0 elsewhere | a place of its own, if any was missing in training, else 0 throughout |

    Texts that are all numerals are numbers ("12.5", but not "007"), texts that are all ISO dates are dates.

    - Of more than `max_categories` the most frequent keep their place and the others share one, and so does a category
      that training has not seen. Where nothing is shared, such a category is 0 throughout, with a logged warning.
    - A column that holds nothing, and one of more than `max_categories` texts that all differ (identifiers, free
      text), are left out with a logged warning. Columns that training did not have are passed over.

    Medians, means and deviations are those of scikit-learn's `SimpleImputer` and `StandardScaler`. A fitted encoder
    does not change any more; `save` makes it one that `get_encoder("tabular:PATH")` gives again, as a collection needs.

    Make one with `TabularEncoder.fit`, read one with `TabularEncoder.load`.

    Attributes:
        name: "tabular:PATH" once saved or loaded, "tabular" before.
        features: What each of the `dim` numbers is of, for example "price", "city = Bern", "price missing".

    Example:
        ```python
        encoder = TabularEncoder.fit(train.metadata)  # also a data frame, or a list of mappings
        encoder.encode([{"price": 12.5, "city": "Bern", "sold": None}])  # (1, dim) float32
        encoder.save("houses.json")
        ```
    """  # noqa: E501 - a table's row is one line

    kind = "tabular"

    def __init__(self, columns: Sequence[Column], *, name: str = "tabular") -> None:
        self._columns = tuple(columns)
        self.name = name
        self.features = tuple(feature for column in columns for feature in column.features)
        self.dim = len(self.features)

    @classmethod
    def fit(
        cls, rows: Any, *, kinds: Mapping[str, Kind] | None = None, max_categories: int = MOST_CATEGORIES
    ) -> TabularEncoder:
        """Learns the columns from the rows of the training part.

        Args:
            rows: n mappings from field to value, a pandas data frame or an Arrow table.
            kinds: Column -> "number", "category" or "date", where its values do not tell, such as numbers that are
                codes. Default: by the values.
            max_categories: How many categories of a column have a place of their own.

        Raises:
            InputError: If there are no rows, a column holds several kinds of values, or no column is left.
            UnknownNameError: If `kinds` names a column that is not there.
            ParameterError: If a kind is none of these, or max_categories is below 1.
        """
        if max_categories < 1:
            raise ParameterError(f"max_categories: expected 1 or more, got {max_categories}.")
        table, reasons = as_columns(rows)
        if reasons:
            raise InputError(f"row {next(iter(reasons))}: {next(iter(reasons.values()))}")
        for name, given in (kinds or {}).items():
            if name not in table:
                raise UnknownNameError("column", name, table)
            if given not in KINDS:
                raise ParameterError(f"kinds: {name!r} is to be one of {', '.join(KINDS)}, got {given!r}.")
        found = [_fit(name, values, (kinds or {}).get(name), max_categories) for name, values in table.items()]
        columns = [column for column in found if column is not None]
        if not columns:
            raise InputError(f"tabular: of {len(table)} columns none can be used; expected rows of values, got none.")
        return cls(columns)

    @property
    def fingerprint(self) -> str:
        """A digest of what was learnt."""
        return sha256(_as_json(self._columns).encode()).hexdigest()[:16]

    def encode(self, items: Any) -> NDArray[np.float32]:
        """Encodes rows of a table.

        Args:
            items: n mappings from field to value, a pandas data frame or an Arrow table.

        Returns:
            (n, dim) float32.

        Raises:
            InputError: If no row has a column that was there in training.
            UnreadableItemsError: If some rows are no mappings, or hold text where numbers were.
        """
        table, unreadable = as_columns(items)
        n = len(next(iter(table.values()))) if table else len(items)
        absent = [column.name for column in self._columns if column.name not in table]
        if absent and n > len(unreadable):
            raise InputError(
                f"tabular: no row has column {absent[0]!r}, which was there in training; "
                f"the rows have {', '.join(table)}. Give it as None where it is not known."
            )
        rows = np.zeros((n, self.dim), np.float32)
        start = 0
        for column in self._columns if table else ():
            reasons: Reasons = {}
            width = len(column.features)
            rows[:, start : start + width] = column.encode(table[column.name], reasons)
            start += width
            for i, reason in reasons.items():
                unreadable.setdefault(i, f"tabular: column {column.name!r}: {reason}.")
        if unreadable:
            rows[list(unreadable)] = np.nan
            raise UnreadableItemsError(dict(sorted(unreadable.items())), rows)
        return rows

    def save(self, path: str | Path) -> Self:
        """Writes what was learnt as JSON, and names the encoder after the file.

        Args:
            path: The file; an older one is replaced.

        Returns:
            The encoder itself.

        Raises:
            ParameterError: If the path holds "+", which parts names of encoders.
            StorageError: If it cannot be written.
        """
        path = Path(path).expanduser().absolute()  # a collection is opened from other folders too
        if "+" in str(path):
            raise ParameterError(f"{path}: a path with '+' cannot be named: it puts encoders side by side.")
        with replacing(path) as temporary:
            temporary.write_text(_as_json(self._columns, indent=1) + "\n", encoding="utf-8")
        self.name = f"tabular:{path}"
        return self

    @classmethod
    def load(cls, path: str | Path) -> TabularEncoder:
        """Reads what `save` wrote.

        Raises:
            StorageError: If there is no such file, or it is damaged or something else.
        """
        path = Path(path).expanduser().absolute()
        try:
            content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
            if content["format"] != FORMAT:
                raise ValueError(f"its format is {content['format']!r}, expected {FORMAT!r}")
            columns = [_column(record) for record in content["columns"]]
        except OSError as error:
            raise StorageError(f"{path}: cannot be read: {error.strerror or error}.") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(
                f"{path}: holds no tabular encoder, or a damaged one ({error}); save it again."
            ) from error
        return cls(columns, name=f"tabular:{path}")


def _fit(name: str, values: Sequence[Any], given: str | None, most: int) -> Column | None:
    """What is learnt of a column; None, with a warning, where it is of no use."""
    present = [value for value in values if not is_missing(value)]
    if not present:
        _logger.warning("tabular: column %r holds nothing but missing values; left out", name)
        return None
    kind = given or kind_of(name, values)
    try:
        if kind != "category":
            return NumericColumn.fit(name, str(kind), values)
        if given is None and most < len(present) == len(set(present)):
            told = "its %d texts all differ, as identifiers and free text do; left out"
            _logger.warning(f"tabular: column %r: {told}", name, len(present))
            return None
        return CategoryColumn.fit(name, values, most)
    except (ValueError, OverflowError) as error:
        raise InputError(f"tabular: column {name!r}: {error}. Give None where a value is missing.") from error


def _as_json(columns: Sequence[Column], indent: int | None = None) -> str:
    content = {"format": FORMAT, "columns": [{"kind": column.kind, **asdict(column)} for column in columns]}
    return json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)


def _column(record: dict[str, Any]) -> Column:
    """A column of a file.

    Raises:
        ValueError, KeyError, TypeError: If it describes none.
    """
    fields = dict(record)
    if not isinstance(fields["name"], str) or type(fields["missing"]) is not bool:
        raise TypeError("a column needs a name, and missing as true or false")
    if fields["kind"] in FEATURES:
        column: Column = NumericColumn(**fields)
    else:
        if fields.pop("kind") != "category":
            raise ValueError(f"column {fields['name']!r} is of no known kind")
        column = CategoryColumn(**fields)
    column.check()
    return column


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
