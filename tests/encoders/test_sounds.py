"""Reading sounds: any rate, any channels, any depth."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.encoders.sounds import BLOCK, RATE, read_sound
from commonspace.errors import InputError, MissingPackageError

soundfile = pytest.importorskip("soundfile", reason="needs the extra [audio]")


def tone(hertz: float, rate: int = RATE, seconds: float = 0.5) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def saved(samples: NDArray[Any], rate: int, kind: str = "WAV", subtype: str | None = None) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def strongest(samples: NDArray[np.float32]) -> float:
    """The frequency with the most energy, in Hz."""
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))))) * RATE / len(samples)


@pytest.mark.parametrize(
    ("kind", "subtype", "error"),
    [("WAV", "PCM_16", 4e-5), ("WAV", "PCM_24", 1e-6), ("WAV", "FLOAT", 1e-7), ("WAV", "PCM_U8", 8e-3),
     ("FLAC", "PCM_24", 1e-6), ("OGG", "VORBIS", 0.05), ("AIFF", "PCM_16", 4e-5)],
)  # fmt: skip
def test_a_file_gives_its_samples(tmp_path: Path, kind: str, subtype: str, error: float):
    samples = tone(440)
    content = saved(samples, RATE, kind, subtype)
    path = tmp_path / "sound"
    path.write_bytes(content)
    for item in (content, path, str(path)):
        found = read_sound(item)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, samples, atol=error)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_001, 44_100, 48_000, 96_000])
def test_any_rate_becomes_16_khz(rate: int):
    found = read_sound((tone(440, rate), rate))
    assert abs(len(found) - RATE / 2) <= 1
    assert strongest(found) == pytest.approx(440, abs=2)
    middle = slice(1000, 7000)
    np.testing.assert_allclose(found[middle], tone(440)[: len(found)][middle], atol=2e-3)


def test_what_lies_above_8_khz_does_not_fold_back():
    assert np.abs(read_sound((tone(15_000, 48_000), 48_000))[200:-200]).max() < 1e-3


def test_8_khz_stereo_of_24_bits():
    left, right = tone(440, 8_000), tone(1000, 8_000)
    found = read_sound(saved(np.column_stack([left, right]), 8_000, "WAV", "PCM_24"))
    assert abs(len(found) - 8_000) <= 1
    np.testing.assert_allclose(found[500:-500], ((tone(440) + tone(1000)) / 2)[500:-500], atol=2e-3)


def test_channels_are_averaged_over_all_blocks():
    rng = np.random.default_rng(0)
    samples = rng.uniform(-1, 1, (BLOCK + 100, 3))
    np.testing.assert_allclose(read_sound(saved(samples, RATE, subtype="FLOAT")), samples.mean(1), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint8, np.float32, np.float64])
def test_arrays_are_scaled_by_the_range_of_their_type(dtype: Any):
    whole = np.dtype(dtype).kind in "iu"
    span = float(np.iinfo(dtype).max) + 1 if whole else 1.0
    rest = span / 2 if np.dtype(dtype).kind == "u" else 0.0
    samples = np.array([rest, rest + (span - rest) / 2, rest - (span - rest) / 2]).astype(dtype)
    np.testing.assert_allclose(read_sound((samples, RATE)), [0, 0.5, -0.5], atol=1e-6)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (b"", "cannot read bytes as a sound"),
        (b"RIFF no sound", "cannot read bytes as a sound"),
        ("absent.wav", "cannot read absent.wav as a sound: No such file or directory"),
        (5, "expected a path, bytes or a pair"),
        ((np.zeros(0), RATE), "cannot read tuple as a sound: it holds no sample"),
        ((np.zeros((0, 2)), RATE), "it holds no sample"),
        ((np.array([0, np.nan]), RATE), "it holds samples that are NaN or infinite"),
        ((np.zeros((2, 999)), RATE), r"expected samples \(t, channels\), got \(2, 999\), which seems to be"),
        ((np.zeros((2, 2, 2)), RATE), r"got float64 \(2, 2, 2\)"),
        ((["a"], RATE), "expected samples"),
        ((np.zeros(5), 44.1), "expected the rate as a whole number of samples per second, got 44.1"),
        ((np.zeros(5), 50), "50 samples per second are no sound; 1000 to 1,000,000 are expected"),
        ((np.zeros(5), 0), "0 samples per second are no sound"),
        ((np.zeros(5), 2_000_000_011), "2000000011 samples per second are no sound"),
    ],
)
def test_what_is_no_sound(item: object, message: str):
    with pytest.raises(InputError, match=message) as caught:
        read_sound(item)
    assert str(caught.value).startswith("audio: ")


def test_a_file_without_samples():
    with pytest.raises(InputError, match="it holds no sample"):
        read_sound(saved(np.zeros(0), RATE))


def test_a_truncated_file_gives_what_is_there_or_is_told():
    content = saved(tone(440), RATE)
    assert len(read_sound(content[: len(content) // 2])) < RATE / 2
    with pytest.raises(InputError, match="cannot read bytes"):
        read_sound(content[:20])


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(
        MissingPackageError, match=r"audio: the package soundfile, .* pip install 'commonspace\[audio\]'"
    ):
        read_sound((np.zeros(5), RATE))
