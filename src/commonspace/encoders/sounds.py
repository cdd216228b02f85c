"""Reading sounds: whatever comes in, one channel at 16 kHz comes out."""

from __future__ import annotations

import math
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from commonspace.errors import InputError, MissingPackageError

RATE = 16_000
"""Samples per second."""
LEAST_RATE, MOST_RATE = 1_000, 1_000_000
"""Of a sound; beyond, a header is damaged, and what changes the rate would take all memory."""
MOST_CHANNELS = 128
"""Of an array that is wider than long: beyond, its axes are taken for exchanged."""
BLOCK = 1 << 18
"""Samples of every channel that are decoded at once."""


def read_sound(item: object) -> NDArray[np.float32]:
    """One sound as (t,) samples at 16 kHz, full scale from -1 to 1.

    Channels are averaged. Other rates are resampled by a polyphase filter (`scipy.signal.resample_poly`).

    Args:
        item: A path or the bytes of a file that libsndfile reads (wav, flac, ogg, mp3, ...), or a pair (array, rate):
            samples (t,) or (t, channels), floating-point numbers from -1 to 1 or integers of the full range of their
            type.

    Raises:
        InputError: If it cannot be read as a sound, or holds no sample.
        MissingPackageError: If soundfile is not installed.
    """
    soundfile = load_package("soundfile")
    try:
        if isinstance(item, tuple | list) and len(item) == 2:
            samples, rate = _from_array(*item)
        else:
            samples, rate = _from_file(item, soundfile)
        if not len(samples):
            raise ValueError("it holds no sample")
        if not np.isfinite(samples).all():
            raise ValueError("it holds samples that are NaN or infinite")
    except (OSError, ValueError, TypeError, soundfile.SoundFileError) as error:
        told = item if isinstance(item, str | Path) else type(item).__name__
        reason = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
        raise InputError(f"audio: cannot read {told} as a sound: {reason.rstrip('.')}.") from error
    if rate == RATE:
        return samples
    shared = math.gcd(rate, RATE)
    resampled: NDArray[np.float32] = resample_poly(samples, RATE // shared, rate // shared).astype(np.float32)
    return resampled


def load_package(name: str) -> Any:
    """A package of the extra `audio`.

    Raises:
        MissingPackageError: If it is not installed.
    """
    try:
        return import_module(name)
    except (ImportError, OSError) as error:  # OSError: soundfile without its library libsndfile
        raise MissingPackageError(
            f"audio: the package {name}, which reads sounds, is not installed ({error}); run: "
            "pip install 'commonspace[audio]'."
        ) from error


def _from_file(item: object, soundfile: Any) -> tuple[NDArray[np.float32], int]:
    """The mean of the channels, block by block, so that a long recording of many channels need not fit into memory."""
    if not isinstance(item, str | Path | bytes):
        raise TypeError(f"expected a path, bytes or a pair (array, rate), got {type(item).__name__}")
    content = item if isinstance(item, bytes) else Path(item).read_bytes()
    with soundfile.SoundFile(BytesIO(content)) as file:
        rate = _checked_rate(file.samplerate)
        blocks = [b.mean(1) for b in file.blocks(BLOCK, dtype="float32", always_2d=True)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32), rate


def _from_array(samples: Any, rate: Any) -> tuple[NDArray[np.float32], int]:
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or array.dtype.kind not in "fiu":
        raise TypeError(f"expected samples (t,) or (t, channels), got {array.dtype} {array.shape}")
    if array.ndim == 2 and array.shape[1] > max(array.shape[0], MOST_CHANNELS):
        raise ValueError(f"expected samples (t, channels), got {array.shape}, which seems to be (channels, t)")
    if isinstance(rate, bool) or not isinstance(rate, int | np.integer):
        raise TypeError(f"expected the rate as a whole number of samples per second, got {rate!r}")
    values = array.astype(np.float64)
    if array.dtype.kind == "u":
        values -= (np.iinfo(array.dtype).max + 1) / 2  # unsigned samples are at rest in the middle
    if array.dtype.kind in "iu":
        values /= (np.iinfo(array.dtype).max + 1) / (2 if array.dtype.kind == "u" else 1)
    if array.ndim == 2 and array.shape[1]:
        values = values.mean(1)
    return values.astype(np.float32).reshape(-1), _checked_rate(int(rate))


def _checked_rate(rate: int) -> int:
    if not LEAST_RATE <= rate <= MOST_RATE:
        raise ValueError(f"{rate} samples per second are no sound; {LEAST_RATE} to {MOST_RATE:,} are expected")
    return rate
