from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from commonspace.data.readers.times import parse_time
from commonspace.scale.written_times import WrittenTimes

TEXTS = [
    "03/04/1950", "05/06/1951", "04/04/1950", "31/03/1950", "12/31/1950", "31.12.1950 9:30", "1950:12:31", "1950-12-31",
    "1950-12", "1950", "12.5", "-3", "1950-12-31T12:00Z", "1951-01-01T09:00+02:00", "1951-06-01 09:00", "19501231",
    "red", " 1950 ", "30/02/1950", None,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_chunks_are_read_as_the_whole_column_is(seed):
    rng = np.random.default_rng(seed)
    some = rng.choice(len(TEXTS), rng.integers(1, 8), replace=False)
    texts = [TEXTS[i] for i in rng.choice(some, 20)]
    read = WrittenTimes.of([pa.array(texts[start : start + 3], pa.string()) for start in range(0, 20, 3)])
    expected, wrong = parse_time(texts)
    found, bad = [], []
    for start in range(0, 20, 4):
        times, unread = read.read(texts[start : start + 4])
        found += list(times)
        bad += [start + i for i in unread]
    assert bad == wrong
    assert read.known == (expected is not None)
    if expected is None:
        assert found == [None] * 20
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(np.array(found), expected)
        assert np.array(found).dtype == expected.dtype
    else:
        assert found == expected


def test_dictionaries_empty_texts_and_nothing_at_all():
    column = pa.array(["31/12/1950", "", None, "31/12/1950"]).dictionary_encode()
    assert WrittenTimes.of([column]) == WrittenTimes(dates=True, day_first=True, unit="D", known=True)
    assert WrittenTimes.of([pa.nulls(3)]).read([None]) == ([None], [])
    assert WrittenTimes.of([]).known
