"""Searches as of an instant: items around it only, or those nearer to it first."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from numbers import Real
from typing import Any, Self

import numpy as np
import pyarrow as pa

from commonspace.errors import InputError, ParameterError, UnknownNameError
from commonspace.spaces.temporal.instants import Clock, Kind, numbers_of

from .filters import Where
from .hits import Hit

FIELD = "time"
FIRST_DAY, LAST_DAY = -719_162.0, 2_932_896.0
"""From the year 1 to 9999, which is what dates of a collection hold."""

LEAST_EXPONENT = -700.0
"""Below it an exponential is 0, by which no score can be divided."""

FEWEST = 64
"""Rows that are looked at first where near ones in time come first."""


@dataclass(frozen=True)
class AsOf:
    """An instant to look from.

    Attributes:
        instant: As a number: days since 1970-01-01 if it is a date.
        kind: What it is.
        given: What the user gave, an ISO text as a datetime.
        within: How far from the instant an item may be, in days or in the unit of the numbers; None for any distance.
    """

    instant: float
    kind: Kind
    given: Any
    within: float | None

    @classmethod
    def of(cls, at: object, within: float | None, decay: float | None) -> Self | None:
        """What `search` was given, checked; None where it was given none of it.

        Raises:
            InputError: If the instant is unknown, or neither a date nor a number.
            ParameterError: If a distance is not above 0, or comes without an instant.
        """
        for name, value in (("within", within), ("decay", decay)):
            if value is None:
                continue
            if at is None:
                raise ParameterError(f"{name}: it is a distance from an instant; pass at= too.")
            if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
                raise ParameterError(f"{name}: expected a number above 0, got {value!r}.")
        if at is None:
            return None
        given = _parsed(at)
        numbers, kind = numbers_of([given], "at")
        if np.isnan(numbers[0]):
            raise InputError(f"at: expected a date or a number, got {at!r}.")
        return cls(float(numbers[0]), kind, given, None if within is None else float(within))

    def condition(self, fields: Mapping[str, pa.DataType]) -> Where:
        """Conditions on the field `time`: that an item has one, and is near enough.

        Raises:
            InputError: If items have dates and the instant is a number, or the other way round.
            UnknownNameError: If items have no such field.
        """
        if FIELD not in fields:
            raise UnknownNameError("metadata field", FIELD, fields)
        stored: Kind = "date" if pa.types.is_temporal(fields[FIELD]) else "number"
        if stored != self.kind:
            raise InputError(f"at: items have {stored}s, got a {self.kind}, {self.given!r}.")
        if self.within is None:
            return {"not": {FIELD: None}}
        first, last = self.instant - self.within, self.instant + self.within
        if self.kind == "number":
            return {FIELD: {"ge": first, "le": last}}
        first, last = max(first, FIRST_DAY), min(last, LAST_DAY)
        if pa.types.is_date(fields[FIELD]):
            first, last = math.ceil(first), math.floor(last)
        low, high = Clock("date", first, last).values(np.array([first, last], float)).tolist()
        return {FIELD: {"ge": low, "le": high}}

    def nearest_first(self, fetch: Callable[[int], list[Hit]], k: int, decay: float) -> list[Hit]:
        """The k hits with the best scores once these have decayed, exactly: no score grows by decaying.

        Args:
            fetch: The best hits by score alone, so many.
            k: How many to return.
            decay: The distance at which a score counts 1/e of what it is.
        """
        size = max(FEWEST, 4 * k)
        while True:
            found = fetch(size)
            decayed = [self._decayed(hit, float(decay)) for hit in found]
            best = sorted(decayed, key=lambda hit: (-hit.score, hit.id, hit.part, hit.modality))[:k]
            if len(found) < size or (len(best) == k and best[-1].score >= found[-1].score):
                return best
            size *= 4

    def _decayed(self, hit: Hit, decay: float) -> Hit:
        (when,), _ = numbers_of([hit.metadata[FIELD]])
        weight = math.exp(max(-abs(float(when) - self.instant) / decay, LEAST_EXPONENT))
        return replace(hit, score=hit.score * weight if hit.score > 0 else hit.score / weight)


def _parsed(at: object) -> object:
    """An ISO text as a datetime; anything else as it is."""
    if not isinstance(at, str):
        return datetime.combine(at, datetime.min.time()) if type(at) is date else at
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        raise InputError(f"at: expected a date such as '1955-03-01', or a number, got {at!r}.") from None
