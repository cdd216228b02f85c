"""Numeric time series, of any length and with gaps, by the shape of their channels."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import periodogram

from commonspace.errors import InputError, ParameterError

from .arrays import as_array
from .one_by_one import encode_one_by_one

QUANTILES = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
LAGS = (1, 2, 4, 8, 16)
BANDS = (0, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Edges of bands of frequencies, in cycles per sample."""
PER_CHANNEL = 4 + len(QUANTILES) + len(LAGS) + len(BANDS) - 1
MOST_CHANNELS = 1_000
MOST = 1e100
"""Beyond, squares leave float64."""

Values = NDArray[np.float64]


class Series:
    r"""A series of t samples of c channels as $21 c + c (c - 1) / 2$ numbers, whatever its length.

    For each channel, over the samples that are not NaN:

    - 2: its mean and its standard deviation s, as $\mathrm{sign}(x) \log(1 + |x|)$, so that channels of other units
      come out of like size;
    - 7: least value, quantiles 5, 25, 50, 75 and 95%, and greatest value, less the mean and in units of s;
    - 1: what a straight line, fitted by least squares, rises from the first sample to the last, in units of s;
    - 5: autocorrelation at lags of 1, 2, 4, 8 and 16 samples;
    - 5: the shares of the power below 1/32, 1/16, 1/8, 1/4 and 1/2 cycles per sample, each from the one before on, of
      the channel less that line, by `scipy.signal.periodogram` with Hann's window;
    - 1: the share of its samples that are missing.

    Then the correlation of each pair of channels, over the samples that both have.

    For autocorrelation and power, gaps are filled by straight lines between their ends. What a channel does not bear
    (power without change, a lag beyond its end) is 0, and so is everything but the last number of a channel without
    any sample. Time is counted in samples: series sampled at several rates are to be brought to one first.

    Args:
        channels: c, by name "series:3". A series (t,) has one.
    """

    kind = "series"

    def __init__(self, channels: int = 1) -> None:
        if isinstance(channels, bool) or not isinstance(channels, int) or not 1 <= channels <= MOST_CHANNELS:
            raise ParameterError(
                f"encoder series: expected 1 to {MOST_CHANNELS:,} channels, for example series:3, got {channels!r}."
            )
        self.channels = channels
        self.name = "series" if channels == 1 else f"series:{channels}"
        self.dim = PER_CHANNEL * channels + channels * (channels - 1) // 2
        version = f"series 1: {channels} {QUANTILES} {LAGS} {BANDS}, log1p, line, hann"
        self.fingerprint = sha256(version.encode()).hexdigest()[:16]

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes series.

        Args:
            items: n arrays (t,) or (t, c) of numbers, t of any length, NaN where a sample is missing; or paths or bytes
                of .npy files of these.

        Returns:
            (n, dim) float32.

        Raises:
            UnreadableItemsError: If some items are no series, have another number of channels, infinite numbers, or no
                sample that is not missing.
        """
        return encode_one_by_one(items, self.dim, self._row_of)

    def _row_of(self, item: object) -> NDArray[np.float64]:
        try:
            return _row(self._read(item))
        except (OSError, ValueError, TypeError) as error:
            told = item if isinstance(item, str | Path) else type(item).__name__
            reason = getattr(error, "strerror", None) or str(error).rstrip(".")
            raise InputError(f"series: cannot read {told} as a series: {reason}.") from error

    def _read(self, item: object) -> Values:
        """(t, c) numbers."""
        array = as_array(item)
        if array is None:
            raise TypeError("expected an array (t,) or (t, c), or an .npy file of one")
        if array.ndim not in (1, 2):
            raise ValueError(f"expected an array (t,) or (t, c), got {array.shape}")
        values: Values = array.astype(np.float64).reshape(len(array), -1 if array.size else self.channels)
        if values.shape[1] != self.channels:
            raise ValueError(
                f"expected {self.channels} channel{'s' * (self.channels > 1)}, as {self.name} says, got "
                f"{values.shape[1]}, (t, c) = {values.shape}"
            )
        if np.isinf(values).any():
            raise ValueError("it holds infinite numbers; NaN is taken for a missing sample")
        if np.isnan(values).all():
            raise ValueError("it holds no sample that is not missing")
        if np.nanmax(np.abs(values)) > MOST:
            raise ValueError(f"it holds numbers beyond {MOST:g}; scale it down")
        return values


def _row(values: Values) -> Values:
    channels = [_channel(channel) for channel in values.T]
    pairs = [_correlation(a, b) for a, b in combinations(values.T, 2)]
    return np.concatenate([*channels, pairs])


def _channel(samples: Values) -> Values:
    """The numbers of one channel (t,)."""
    row = np.zeros(PER_CHANNEL)
    known = np.flatnonzero(~np.isnan(samples))
    row[-1] = 1 - len(known) / len(samples)
    if not len(known):
        return row
    present = samples[known]
    mean = present.mean()
    deviation = present.std()
    row[:2] = np.sign(mean) * np.log1p(abs(mean)), np.log1p(deviation)
    if deviation <= 1e-12 * np.abs(present).max():  # one value, but for rounding
        return row
    scaled = (present - mean) / deviation
    line = np.polynomial.Polynomial.fit(known / (len(samples) - 1), scaled, 1, domain=[0, 1], window=[0, 1])
    filled = np.interp(np.arange(len(samples)), known, scaled)
    row[2:-1] = [
        *np.quantile(scaled, QUANTILES),
        line.coef[1],
        *_autocorrelation(filled - filled.mean()),
        *_power(filled - line(np.linspace(0, 1, len(samples)))),
    ]
    return row


def _autocorrelation(samples: Values) -> list[float]:
    energy = samples @ samples
    return [float(samples[:-lag] @ samples[lag:] / energy) if lag < len(samples) else 0.0 for lag in LAGS]


def _power(samples: Values) -> Values:
    """The shares of the power in each band; zeros where there is no power."""
    frequencies, power = periodogram(samples, window="hann", detrend=False)
    band = np.digitize(frequencies, BANDS[1:-1])
    shares = np.bincount(band, power, len(BANDS) - 1)
    total = shares.sum()
    return shares / total if total > 1e-20 else np.zeros(len(BANDS) - 1)


def _correlation(a: Values, b: Values) -> float:
    """Pearson's, over the samples that both have; 0 where one of them does not change there."""
    both = ~np.isnan(a) & ~np.isnan(b)
    if both.sum() < 2 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return 0.0
    return float(np.corrcoef(a[both], b[both])[0, 1])
