from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonspace.data.readers import read
from commonspace.data.readers.values import parse_labels, parse_metadata


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["9223372036854775807", None, "-9223372036854775808"], [2**63 - 1, None, -(2**63)]),
        (["1234567890123456789", "1234567890123456790"], [1234567890123456789, 1234567890123456790]),
        (["9223372036854775808", "1"], ["9223372036854775808", "1"]),
        (["1", "9" * 5000], ["1", "9" * 5000]),
        (["1234567890123456789", "1.5"], [1234567890123456789.0, 1.5]),
        (["1e3", "2"], [1000.0, 2.0]),
        (["-0", "007"], ["-0", "007"]),
    ],
)
def test_integers_of_64_bits_are_numbers_and_longer_ones_stay_texts(texts: list[Any], values: list[Any]):
    found = parse_metadata(texts)
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_identifiers_of_19_digits_stay_apart(tmp_path: Path):
    path = tmp_path / "tweets.csv"
    path.write_text("text,tweet_id\nhello,1234567890123456789\nbye,1234567890123456790\n")
    data = read(path).to_dataset(encoders={}, name="tweets")
    assert data.metadata["tweet_id"].to_pylist() == [1234567890123456789, 1234567890123456790]


@pytest.mark.parametrize("labels", [[0, 1, 0], [0, 1, 2], [1, 1, 1]])
def test_lists_of_one_number_are_one_label_per_item(tmp_path: Path, labels: list[int]):
    path = tmp_path / "items.jsonl"
    path.write_text("\n".join(f'{{"text": "item {label}", "label": [{label}]}}' for label in labels))
    data = read(path).to_dataset(encoders={}, name="items")
    assert data.label_names is None
    assert data.labels is not None
    assert data.labels.tolist() == labels
    assert parse_labels(np.array([[1.0], [np.nan], [0.0]])) == ([1.0, None, 0.0], None)


def test_a_label_that_is_no_number_is_unknown(tmp_path: Path):
    path = tmp_path / "items.jsonl"
    path.write_text('{"text": "one", "label": NaN}\n{"text": "two", "label": "cat"}\n')
    assert read(path).labels == [None, "cat"]
    path.write_text('{"text": "one", "label": ["cat", NaN]}\n{"text": "two", "label": ["cat"]}\n')
    assert read(path).label_names == ("cat",)
