"""What is learnt of one column of a table, and its cells as numbers."""

from __future__ import annotations

import calendar
import datetime as dt
import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tabular_values import as_category, as_date, as_number, is_missing

DAY = ("years", "year sine", "year cosine", "week sine", "week cosine")
FEATURES = {"number": ("",), "date": DAY, "date and time": (*DAY, "day sine", "day cosine")}
"""What a cell of a numeric column gives."""
OTHER, MISSING = "other", "missing"
_TOLD = 3

_logger = logging.getLogger("commonspace")

Reasons = dict[int, str]
"""Row -> why its cell cannot be used; taken by `encode` and filled."""


@dataclass(frozen=True)
class NumericColumn:
    """A column of numbers or dates: p numbers per cell, standardised, and whether the cell was missing.

    Attributes:
        name: Its name.
        kind: "number" (p = 1), "date" (p = 5) or "date and time" (p = 7).
        fill: (p,) what a missing cell is taken for.
        mean: (p,) what is subtracted.
        scale: (p,) what is divided by.
        missing: Whether one more number says that the cell was missing; so where some were in training.
    """

    name: str
    kind: str
    fill: Sequence[float]
    mean: Sequence[float]
    scale: Sequence[float]
    missing: bool

    @classmethod
    def fit(cls, name: str, kind: str, values: Sequence[Any]) -> NumericColumn:
        """Learns the column from cells of which at least one is not missing.

        Raises:
            ValueError: If a cell is of another kind; the message gives its row.
        """
        from sklearn.impute import SimpleImputer
        from sklearn.preprocessing import StandardScaler

        if kind == "date" and any(as_date(v).time() != dt.time() for v in values if not is_missing(v)):
            kind = "date and time"
        reasons: Reasons = {}
        cells = _numbers(kind, values, reasons)
        if reasons:
            row, reason = next(iter(reasons.items()))
            raise ValueError(f"{reason} (row {row})")
        # The middle of a circle stands for no point of it: a missing date is of no season.
        imputers = [SimpleImputer(strategy="mean" if j else "median").fit(cells[:, [j]]) for j in range(cells.shape[1])]
        fill = [float(imputer.statistics_[0]) for imputer in imputers]
        absent = np.isnan(cells)
        scaler = StandardScaler().fit(np.where(absent, fill, cells))
        return cls(name, kind, fill, scaler.mean_.tolist(), scaler.scale_.tolist(), bool(absent.any()))

    def check(self) -> None:
        """Raises ValueError where the numbers, which may come from a file, are not those of such a column."""
        numbers = np.array([self.fill, self.mean, self.scale], np.float64)
        if numbers.shape != (3, len(FEATURES[self.kind])) or not np.isfinite(numbers).all() or min(self.scale) <= 0:
            raise ValueError(f"column {self.name!r}: these are not the numbers of a {self.kind}")

    @property
    def features(self) -> list[str]:
        """What each number is of."""
        return [f"{self.name} {part}".rstrip() for part in (*FEATURES[self.kind], *[MISSING] * self.missing)]

    def encode(self, values: Sequence[Any], reasons: Reasons) -> NDArray[np.float32]:
        """The cells of n rows as (n, d)."""
        cells = _numbers(self.kind, values, reasons)
        absent = np.isnan(cells)
        with np.errstate(over="ignore"):
            rows = ((np.where(absent, self.fill, cells) - self.mean) / self.scale).astype(np.float32)
        for row in np.flatnonzero(np.isinf(rows).any(1)).tolist():
            reasons[row] = f"{values[row]!r} is too far from what it was in training"
        return np.concatenate([rows, absent[:, :1]], axis=1, dtype=np.float32) if self.missing else rows


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories: 1 in the place of a cell's category, 0 elsewhere.

    Attributes:
        name: Its name.
        categories: Those that have a place of their own, sorted.
        other: Whether the others share a place; so where training had more than were to be kept.
        missing: Whether a missing cell has a place; so where some were in training.
    """

    name: str
    categories: Sequence[str]
    other: bool
    missing: bool

    kind = "category"

    @classmethod
    def fit(cls, name: str, values: Sequence[Any], most: int) -> CategoryColumn:
        """Learns the column from cells; keeps the `most` frequent categories, of equals the first by name.

        Raises:
            ValueError: If a cell is no category.
        """
        names = [None if is_missing(value) else as_category(value) for value in values]
        counts = Counter(name for name in names if name is not None)
        kept = sorted(counts, key=lambda name: (-counts[name], name))[:most]
        if all(isinstance(value, bool | np.bool_) for value in values if not is_missing(value)):
            kept = ["false", "true"]  # the other one may come, though training has seen but one
        return cls(name, sorted(kept), any(name not in kept for name in counts), None in names)

    def check(self) -> None:
        """Raises ValueError where the categories, which may come from a file, are no distinct texts."""
        texts = isinstance(self.categories, list) and all(isinstance(c, str) for c in self.categories)
        if not texts or len({*self.categories}) < len(self.categories) or type(self.other) is not bool:
            raise ValueError(f"column {self.name!r}: categories must be distinct texts, and other true or false")

    @property
    def features(self) -> list[str]:
        """What each number is of."""
        own = [f"{self.name} = {category}" for category in self.categories]
        return own + [f"{self.name} {OTHER}"] * self.other + [f"{self.name} {MISSING}"] * self.missing

    def encode(self, values: Sequence[Any], reasons: Reasons) -> NDArray[np.float32]:
        """The cells of n rows as (n, d)."""
        place = {category: j for j, category in enumerate(self.categories)}
        rows = np.zeros((len(values), len(self.features)), np.float32)
        unseen: Counter[str] = Counter()
        for i, value in enumerate(values):
            if is_missing(value):
                rows[i, len(place) + self.other :] = 1  # the last place, or none
                continue
            try:
                category = as_category(value)
            except (ValueError, OverflowError) as error:
                reasons[i] = str(error)
                continue
            if category in place:
                rows[i, place[category]] = 1
            else:
                rows[i, len(place) : len(place) + self.other] = 1
                unseen[category] += 1
        if unseen and not self.other:
            told = ", ".join(map(repr, list(unseen)[:_TOLD])) + (", ..." if len(unseen) > _TOLD else "")
            _logger.warning(
                "tabular: column %r: %s not seen in training, in %d of %d rows; taken as no category",
                self.name, told, unseen.total(), len(values),
            )  # fmt: skip
        return rows


def _numbers(kind: str, values: Sequence[Any], reasons: Reasons) -> NDArray[np.float64]:
    """The cells as (n, p); NaN where missing, or of another kind, which is noted."""
    out = np.full((len(values), len(FEATURES[kind])), np.nan)
    for i, value in enumerate(values):
        if not is_missing(value):
            try:
                out[i] = as_number(value) if kind == "number" else _on_circles(as_date(value), kind)
            except (ValueError, OverflowError) as error:
                reasons[i] = str(error)
    return out


def _on_circles(date: dt.datetime, kind: str) -> list[float]:
    """A date as years, and as points on the circles of the year, the week and, with its time, the day."""
    day = (date - dt.datetime(date.year, date.month, date.day)) / dt.timedelta(days=1)
    through = (date.timetuple().tm_yday - 1 + day) / (365 + calendar.isleap(date.year))
    shares = [through, date.weekday() / 7] + [day] * (kind != "date")
    circles = [f(2 * math.pi * share) for share in shares for f in (math.sin, math.cos)]
    return [date.year + through, *circles]
