"""A row says how the channels of a series are shaped, whatever its length."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.data import Dataset
from commonspace.encoders import get_encoder
from commonspace.encoders.series import PER_CHANNEL, Series
from commonspace.errors import ParameterError, UnreadableItemsError

LOG = np.log1p


def encode(*items: object, channels: int = 1) -> NDArray[np.float32]:
    return Series(channels).encode(items)


def wave(cycles: float) -> np.ndarray:
    samples: np.ndarray = np.sin(2 * np.pi * cycles * np.arange(640))
    return samples


def test_the_statistics_are_those_of_the_samples():
    x = np.random.default_rng(0).gamma(2, 3, 500)
    (row,) = encode(x)
    assert row.shape == (PER_CHANNEL,)
    z = (x - x.mean()) / x.std()
    np.testing.assert_allclose(row[:2], [LOG(x.mean()), LOG(x.std())], rtol=1e-5)
    np.testing.assert_allclose(row[2:9], np.quantile(z, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]), rtol=1e-5)
    np.testing.assert_allclose(row[9], np.polyfit(np.linspace(0, 1, 500), z, 1)[0], rtol=1e-4)
    expected = [np.mean(z[:-k] * z[k:]) * (500 - k) / 500 for k in (1, 2, 4, 8, 16)]
    np.testing.assert_allclose(row[10:15], expected, atol=1e-5)
    assert row[20] == 0


@pytest.mark.parametrize(("cycles", "band"), [(1 / 50, 0), (1 / 20, 1), (1 / 10, 2), (1 / 5, 3), (1 / 3, 4)])
def test_power_lies_in_the_band_of_the_frequency(cycles: float, band: int):
    (row,) = encode(wave(cycles))
    shares = row[15:20]
    assert shares[band] > 0.95
    assert shares.sum() == pytest.approx(1)


def test_a_straight_line_rises_and_has_no_power():
    (up, down) = encode(np.arange(100) * 3.0 + 7, -np.arange(100.0))
    assert up[9] == pytest.approx(np.sqrt(12), rel=0.02)
    assert down[9] == pytest.approx(-np.sqrt(12), rel=0.02)
    np.testing.assert_array_equal(up[15:20], 0)


def test_the_unit_counts_in_mean_and_spread_only():
    x = np.random.default_rng(0).normal(5, 2, 300)
    first, second = encode(x, 1000 * x - 9)
    np.testing.assert_allclose(second[2:], first[2:], atol=1e-4)
    np.testing.assert_allclose(second[:2], [LOG(1000 * x.mean() - 9), LOG(1000 * x.std())], rtol=1e-5)
    assert encode(-x)[0, 0] == -first[0]


def test_channels_stand_one_after_the_other_then_their_correlations():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    x[:, 2] += x[:, 0]
    (row,) = encode(x, channels=3)
    assert row.shape == (3 * PER_CHANNEL + 3,)
    np.testing.assert_array_equal(row[: 3 * PER_CHANNEL].reshape(3, -1), encode(*x.T))
    correlation = np.asarray(np.corrcoef(x.T))
    np.testing.assert_allclose(row[-3:], correlation[[0, 0, 1], [1, 2, 2]], atol=1e-6)


def test_missing_samples_are_left_out_and_counted():
    x = wave(1 / 50)
    gaps = x.copy()
    gaps[np.random.default_rng(0).random(640) < 0.25] = np.nan
    (whole, broken) = encode(x, gaps)
    assert broken[20] == pytest.approx(np.isnan(gaps).mean())
    np.testing.assert_allclose(broken[:20], whole[:20], atol=0.2)
    known = gaps[~np.isnan(gaps)]
    assert broken[2] == pytest.approx((known.min() - known.mean()) / known.std(), rel=1e-5)
    pair = np.column_stack([gaps, x])
    assert encode(pair, channels=2)[0, -1] == pytest.approx(1)


def test_a_channel_without_samples_is_zero_but_for_saying_so():
    x = np.column_stack([np.full(50, np.nan), np.arange(50.0)])
    (row,) = encode(x, channels=2)
    np.testing.assert_array_equal(row[:PER_CHANNEL], np.eye(PER_CHANNEL)[-1])
    assert row[-1] == 0


@pytest.mark.parametrize(
    "x", [[3], [3, 3, 3], [1, 2], [0, 0, 1], [np.nan, 5], [0.1] * 9, [1e99, -1e99], [np.nan, 1, 2], [1e-99, 0]], ids=str
)
def test_short_and_constant_series_have_a_row(x: list[float]):
    (row,) = encode(np.array(x))
    assert np.isfinite(row).all()
    if np.nanmax(x) == np.nanmin(x):
        np.testing.assert_allclose(row[1:20], 0, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32, np.bool_])
def test_any_numbers_are_taken(dtype: Any):
    x = np.array([0, 1, 1, 0, 1, 0, 0, 1]).astype(dtype)
    np.testing.assert_allclose(encode(x), encode(x.astype(float)), atol=1e-6)


def test_files_and_bytes_are_read(tmp_path: Path):
    x = np.random.default_rng(0).normal(size=(30, 2))
    np.save(tmp_path / "x.npy", x)
    content = BytesIO()
    np.save(content, x)
    for item in (tmp_path / "x.npy", str(tmp_path / "x.npy"), content.getvalue()):
        np.testing.assert_array_equal(encode(item, channels=2), encode(x, channels=2))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (np.zeros((9, 3)), r"expected 2 channels, as series:2 says, got 3, \(t, c\) = \(9, 3\)"),
        (np.zeros(9), "expected 2 channels, as series:2 says, got 1"),
        (np.zeros((2, 2, 2)), r"expected an array \(t,\) or \(t, c\), got \(2, 2, 2\)"),
        (np.float64(3), "expected an array"),
        (np.zeros((0, 2)), "it holds no sample"),
        (np.zeros(0), "it holds no sample"),
        (np.full((5, 2), np.nan), "it holds no sample that is not missing"),
        (np.array([[1, np.inf]]), "it holds infinite numbers"),
        (np.array([[1, 1e200]]), r"it holds numbers beyond 1e\+100; scale it down"),
        (np.array([["a", "b"]]), "expected an array of numbers"),
        ([[1, 2], [3, 4]], "expected an array"),
        ("absent.npy", "cannot read absent.npy as a series: No such file"),
        (b"\x93NUMPY", "cannot read bytes as a series"),
    ],
)
def test_what_is_no_series_is_told_and_the_rest_is_encoded(item: object, message: str):
    good = np.random.default_rng(0).normal(size=(9, 2))
    with pytest.raises(UnreadableItemsError, match=message) as caught:
        encode(good, item, channels=2)
    assert list(caught.value.reasons) == [1]
    np.testing.assert_array_equal(caught.value.rows[:1], encode(good, channels=2))
    assert np.isnan(caught.value.rows[1]).all()


def test_names_say_how_many_channels():
    encoder = get_encoder("series:12", kind="series")
    assert (encoder.name, encoder.kind, encoder.dim) == ("series:12", "series", 12 * PER_CHANNEL + 66)
    assert get_encoder("series:1").name == "series"
    assert len({get_encoder(name).fingerprint for name in ("series", "series:2", "series:3")}) == 3
    assert encode().shape == (0, PER_CHANNEL)
    for name in ("series:0", "series:two", "series:2,3", "series:-1"):
        with pytest.raises(ParameterError, match="for example series:3, got"):
            get_encoder(name)


def test_series_of_unlike_lengths_are_items_of_a_data_set():
    series = [np.random.default_rng(i).normal(size=(20 + i, 2)) for i in range(3)]
    data = Dataset({"sensor": [*series, None]}, encoders={"sensor": Series(2)})
    np.testing.assert_array_equal(data.views["sensor"][:3], encode(*series, channels=2))
    assert data.presence["sensor"].tolist() == [True, True, True, False]
