"""A row says how strong each band is, how it changes and, by option, when."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from commonspace.catalogue import load_dataset
from commonspace.encoders import get_encoder
from commonspace.encoders.audio import BANDS, SEGMENTS, Audio, log_mel
from commonspace.encoders.sounds import RATE
from commonspace.errors import ParameterError, UnreadableItemsError

from .test_sounds import saved, tone

pytest.importorskip("kaldi_native_fbank", reason="needs the extra [audio]")

FLOOR = np.log(np.finfo(np.float32).eps)


def encode(*items: object, segments: bool = False) -> NDArray[np.float32]:
    return Audio(["segments"] if segments else []).encode(
        [(x, RATE) if isinstance(x, np.ndarray) else x for x in items]
    )


def centres() -> NDArray[np.float64]:
    """The middle of each band in Hz: evenly spaced in mel from 20 Hz to 8 kHz."""
    low, high = (1127 * np.log(1 + hertz / 700) for hertz in (20, 8000))
    return 700 * (np.exp(np.linspace(low, high, BANDS + 2)[1:-1] / 1127) - 1)


@pytest.mark.parametrize("hertz", [300, 1000, 2500, 6000])
def test_a_tone_is_strongest_in_its_band(hertz: int):
    (row,) = encode(tone(hertz))
    assert row.shape == (256,)
    assert abs(int(np.argmax(row[:BANDS])) - int(np.argmin(np.abs(centres() - hertz)))) <= 1
    np.testing.assert_allclose(row[BANDS : 2 * BANDS].min(), 0, atol=0.2)  # it stays as it is


def test_ten_times_the_loudness_is_a_hundred_times_the_energy():
    noise = np.random.default_rng(0).normal(0, 0.01, RATE)
    quiet, loud = encode(noise, 10 * noise)
    np.testing.assert_allclose((loud - quiet)[:BANDS], np.log(100), atol=0.01)
    np.testing.assert_allclose((loud - quiet)[BANDS:], 0, atol=0.01)


def test_the_statistics_are_those_of_the_frames():
    sound = np.random.default_rng(0).normal(0, 0.1, 5000).astype(np.float32)
    frames = log_mel(sound)
    assert frames.shape == (1 + (5000 - 400) // 160, BANDS)
    (row,) = encode(sound, segments=True)
    expected = [frames.mean(0), frames.std(0), np.diff(frames, axis=0).mean(0), np.diff(frames, axis=0).std(0)]
    np.testing.assert_allclose(row[:256], np.concatenate(expected), atol=1e-4)
    cuts = [i * len(frames) // SEGMENTS for i in range(SEGMENTS + 1)]
    means = [frames[a:b].mean(0) for a, b in pairwise(cuts)]
    np.testing.assert_allclose(row[256:].reshape(SEGMENTS, BANDS), means, atol=1e-4)


def test_the_frames_are_those_of_kaldi():
    """The formula, written out: mean removed, pre-emphasis, Povey's window, power spectrum, triangles in mel."""
    sound = np.random.default_rng(1).normal(0, 0.1, 400).astype(np.float32)
    x = sound.astype(np.float64) - sound.mean(dtype=np.float64)
    x = np.append(x[0] * 0.03, x[1:] - 0.97 * x[:-1])
    x *= (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    power = np.abs(np.fft.rfft(x, 512)) ** 2
    mel = 1127 * np.log(1 + np.arange(257) * RATE / 512 / 700)
    edges = np.linspace(1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 8000 / 700), BANDS + 2)
    rise = (mel - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - mel) / np.diff(edges)[1:, None]
    weights = np.clip(np.minimum(rise, fall), 0, None)
    weights[:, 256] = 0  # Kaldi leaves out the last bin
    np.testing.assert_allclose(
        log_mel(sound)[0], np.log(np.maximum(weights @ power, np.finfo(np.float32).eps)), atol=1e-3
    )


def test_order_counts_with_segments_only():
    low, high = tone(300, seconds=1), tone(3000, seconds=1)
    first, second = np.append(low, high), np.append(high, low)
    plain, ordered = encode(first, second), encode(first, second, segments=True)
    assert np.abs(plain[0] - plain[1])[: 2 * BANDS].max() < 0.15
    np.testing.assert_allclose(ordered[:, :256], plain)
    assert np.abs(ordered[0] - ordered[1])[256:].max() > 5


@pytest.mark.parametrize("segments", [False, True])
@pytest.mark.parametrize("samples", [np.zeros(RATE), np.zeros(1)])
def test_silence_is_the_floor(samples: NDArray[Any], segments: bool):
    (row,) = encode(samples, segments=segments)
    expected = np.r_[np.full(BANDS, FLOOR), np.zeros(3 * BANDS), np.full(SEGMENTS * BANDS * segments, FLOOR)]
    np.testing.assert_allclose(row, expected, atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 399, 400, 401, 561, 1000])
def test_a_sound_of_few_samples_has_a_row(length: int):
    (row,) = encode(np.full(length, 0.5), segments=True)
    assert np.isfinite(row).all()
    assert (row[256:] >= FLOOR - 1e-5).all()


def test_one_sample_at_a_high_rate():
    assert np.isfinite(Audio().encode([(np.ones(1), 192_000), (np.ones((1, 2)), 8_000)])).all()


def test_a_row_depends_neither_on_the_others_nor_on_when_it_is_read():
    sounds = [np.random.default_rng(i).normal(0, 0.1, 3000) for i in range(3)]
    np.testing.assert_array_equal(encode(*sounds), np.concatenate([encode(sound) for sound in sounds]))


def test_what_is_no_sound_is_told_and_the_rest_is_encoded():
    with pytest.raises(UnreadableItemsError, match="audio: cannot read bytes as a sound") as caught:
        encode(tone(440), b"no sound", saved(np.zeros(0), RATE))
    assert list(caught.value.reasons) == [1, 2]
    assert np.isnan(caught.value.rows[1:]).all()
    assert np.isfinite(caught.value.rows[0]).all()
    assert encode().shape == (0, 256)


def test_names_and_options():
    for name, dim in {"audio": 256, "audio:segments": 768}.items():
        encoder = get_encoder(name, kind="audio")
        assert (encoder.name, encoder.dim) == (name, dim)
        assert encoder.fingerprint == get_encoder(name).fingerprint
    assert get_encoder("audio").fingerprint != get_encoder("audio:segments").fingerprint
    with pytest.raises(ParameterError, match="encoder audio: has no option words; it takes: segments"):
        get_encoder("audio:words")


def test_a_folder_of_sounds_is_a_data_set(tmp_path: Path):
    paths = [tmp_path / f"{hertz}.flac" for hertz in (2000, 300)]
    for path in paths:
        path.write_bytes(saved(tone(float(path.stem)), 22_050, "FLAC"))
    (tmp_path / "broken.ogg").write_bytes(b"OggS and no more")
    data = load_dataset(tmp_path)
    assert data.encoders["audio"].name == "audio"
    np.testing.assert_array_equal(data.view("audio")[:2], encode(*paths))
    assert data.ids.tolist() == ["2000.flac", "300.flac", "broken.ogg"]
    assert "broken.ogg as a sound" in str(data.problems[0])
    with pytest.raises(ParameterError, match="encoder minilm: reads text, but was named for audio; the default for"):
        load_dataset(tmp_path, encoders={"audio": "minilm"})
