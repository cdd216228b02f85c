from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from commonspace.data import Encoder
from commonspace.data.encoding import CHUNK, encode_items, encode_parts
from commonspace.errors import InputError

from .tiny import LetterEncoder, counts

PARTS = st.none() | st.text("abc", max_size=3) | st.lists(st.none() | st.text("abc", max_size=3), max_size=3)


class MemoryCache:
    """Keeps rows in memory and notes how many each write brought."""

    def __init__(self) -> None:
        self.rows: dict[bytes, NDArray[np.float32]] = {}
        self.writes: list[int] = []

    def read(self, encoder: Encoder, keys: Sequence[bytes]) -> Mapping[bytes, NDArray[np.float32]]:
        return {key: self.rows[key] for key in keys if key in self.rows}

    def write(self, encoder: Encoder, keys: Sequence[bytes], rows: NDArray[np.float32]) -> None:
        self.writes.append(len(keys))
        self.rows |= dict(zip(keys, rows, strict=True))


@given(st.lists(st.text("abcd", max_size=3), max_size=20))
def test_rows_are_in_the_order_of_the_items(items: list[str]):
    encoder = LetterEncoder()
    rows = encode_items(encoder, items)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, np.array([counts(item) for item in items]).reshape(-1, 5))
    assert sorted(map(str, encoder.asked)) == sorted(set(items))


def test_no_items_ask_nothing_of_the_encoder():
    encoder = LetterEncoder()
    assert encode_items(encoder, []).shape == (0, 5)
    assert encoder.calls == 0


def texts(n: int) -> list[str]:
    return [f"{'abcde'[i % 5] * (i % 7)} {i}" for i in range(n)]


def test_work_goes_in_chunks_each_written_when_done():
    cache, encoder = MemoryCache(), LetterEncoder()
    encode_items(encoder, texts(2 * CHUNK + 5), cache=cache)
    assert cache.writes == [CHUNK, CHUNK, 5]
    assert encoder.calls == 3


def test_only_what_the_cache_lacks_is_encoded():
    cache = MemoryCache()
    encode_items(LetterEncoder(), ["a", "b"], cache=cache)
    encoder = LetterEncoder()
    rows = encode_items(encoder, ["c", "b", "a", "c"], cache=cache)
    assert encoder.asked == ["c"]
    np.testing.assert_array_equal(rows, [counts(item) for item in "cbac"])


def test_chunks_done_before_an_error_are_kept():
    cache, items = MemoryCache(), texts(3 * CHUNK)
    with pytest.raises(InputError, match="cannot read what holds '!'"):
        encode_items(LetterEncoder(), [*items[: 2 * CHUNK], "!"], cache=cache)
    assert cache.writes == [CHUNK, CHUNK]
    encoder = LetterEncoder()
    rows = encode_items(encoder, items, cache=cache)
    assert encoder.asked == items[2 * CHUNK :]
    np.testing.assert_array_equal(rows, encode_items(LetterEncoder(), items))


def test_progress_says_what_is_done(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "commonspace"):
        encode_items(LetterEncoder(), ["a", "b", "a"], description="encoding title")
    assert caplog.messages[0].startswith("encoding title: 2 items in ")


@given(st.lists(PARTS, min_size=1, max_size=8))
def test_parts_go_where_they_came_from_and_the_rest_is_nan(items: list[Any]):
    rows = encode_parts(LetterEncoder(), items)
    if not any(isinstance(item, list) for item in items):
        assert rows.shape == (len(items), 5)
        rows = rows[:, None]
    assert rows.shape[1] == max([1, *(len(item) for item in items if isinstance(item, list))])
    for row, item in zip(rows, items, strict=True):
        parts = item if isinstance(item, list) else [item]
        for slot, found in enumerate(row):
            part = parts[slot] if slot < len(parts) else None
            np.testing.assert_array_equal(found, [np.nan] * 5 if part is None else counts(part))
