from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.encoders.side_by_side import SideBySide
from commonspace.errors import ParameterError, UnreadableItemsError


class Counter:
    """Counts one letter in each text; cannot read texts with a given mark."""

    dim = 1

    def __init__(self, letter: str, mark: str = "?", kind: str = "text") -> None:
        self.name, self.kind, self._letter, self._mark = f"count-{letter}", kind, letter, mark

    @property
    def fingerprint(self) -> str:
        return self._letter

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        rows = np.array([[str(item).count(self._letter)] for item in items], np.float32)
        broken = {i: f"text: has {self._mark}" for i, item in enumerate(items) if self._mark in str(item)}
        if broken:
            rows[list(broken)] = np.nan
            raise UnreadableItemsError(broken, rows)
        return rows


def test_rows_are_joined_in_order():
    both = SideBySide([Counter("a"), Counter("b")])
    np.testing.assert_array_equal(both.encode(["aab", "b"]), [[2, 1], [0, 1]])
    assert (both.name, both.kind, both.dim) == ("count-a+count-b", "text", 2)


def test_the_fingerprint_depends_on_each_and_on_their_order():
    prints = {SideBySide([Counter(x), Counter(y)]).fingerprint for x, y in ("ab", "ba", "ac")}
    assert len(prints) == 3


def test_what_one_cannot_read_is_read_by_none():
    both = SideBySide([Counter("a", mark="!"), Counter("b", mark="#")])
    with pytest.raises(UnreadableItemsError) as caught:
        both.encode(["a", "b#", "ab", "a!"])
    assert caught.value.reasons == {1: "text: has #", 3: "text: has !"}
    np.testing.assert_array_equal(np.isnan(caught.value.rows), [[False] * 2, [True] * 2, [False] * 2, [True] * 2])
    np.testing.assert_array_equal(caught.value.rows[2], [1, 1])


def test_unlike_kinds_are_refused():
    with pytest.raises(ParameterError, match="count-a reads text, count-b reads image"):
        SideBySide([Counter("a"), Counter("b", kind="image")])
