"""Sounds by how strong each band of frequencies is, how it changes and, by option, when."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from commonspace.errors import ParameterError

from .one_by_one import encode_one_by_one
from .sounds import RATE, load_package, read_sound

BANDS = 64
SEGMENTS = 8
FRAME, SHIFT = 25, 10
"""Milliseconds."""
OPTIONS = ("segments",)


class Audio:
    r"""A sound as the strength of 64 bands of frequencies: its mean, its spread and how it changes.

    At 16 kHz, one channel (see `sounds.read_sound`), every 10 ms a frame of 25 ms gives the logarithm $l_{tb}$ of the
    energy in 64 bands from 20 to 8,000 Hz, evenly spaced in mel, computed by kaldi-native-fbank with Kaldi's defaults
    and no dither. With $\Delta_{tb} = l_{t+1,b} - l_{tb}$, a row is, over all frames of the sound,

    $$[\; \mathrm{mean}_t \, l_{tb}, \quad \mathrm{sd}_t \, l_{tb}, \quad
       \mathrm{mean}_t \, \Delta_{tb}, \quad \mathrm{sd}_t \, \Delta_{tb} \;],$$

    256 numbers, whatever its length. That says which sounds occur, and not in which order. With the option `segments`
    512 more follow: the mean of $l_{tb}$ in each of 8 equal parts of the sound, for words and other sounds that differ
    by their order only; with few items to learn from, the shorter row finds more.

    The energy counts, and so does the loudness of a recording. It has a floor at the machine epsilon of float32
    ($l = -15.94$), about what a 16-bit recording can resolve: silence is a row of that floor, without spread. A sound
    shorter than a frame is lengthened to one by silence; then there is no change either. Of a sound that came at less
    than 16 kHz the bands above half its rate are at the floor.

    Args:
        options: "segments", as above, or none.

    References:
        S. Davis, P. Mermelstein, Comparison of parametric representations for monosyllabic word recognition in
            continuously spoken sentences, IEEE Transactions on Acoustics, Speech, and Signal Processing 28(4), 1980.
    """

    kind = "audio"

    def __init__(self, options: Sequence[str] = ()) -> None:
        if unknown := [option for option in options if option not in OPTIONS]:
            raise ParameterError(f"encoder audio: has no option {', '.join(unknown)}; it takes: {', '.join(OPTIONS)}.")
        self._segments = SEGMENTS if options else 0
        self.name = "audio:segments" if options else "audio"
        self.dim = BANDS * (4 + self._segments)
        version = f"audio 1: {RATE} {BANDS} {self._segments} {FRAME} {SHIFT}, mean, sd, changes"
        self.fingerprint = sha256(version.encode()).hexdigest()[:16]

    def encode(self, items: Sequence[object]) -> NDArray[np.float32]:
        """Encodes sounds.

        Args:
            items: n paths or bytes of files (wav, flac, ogg, mp3, ...), or pairs (array, rate) of samples (t,) or
                (t, channels).

        Returns:
            (n, 256) float32; (n, 768) with segments.

        Raises:
            UnreadableItemsError: If some items are no sounds, or hold no sample.
            MissingPackageError: If the extra `audio` is not installed.
        """
        return encode_one_by_one(items, self.dim, lambda item: _row(log_mel(read_sound(item)), self._segments))


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(t,) samples at 16 kHz as (frames, 64): the logarithm of the energy of each band, a frame every 10 ms."""
    fbank = load_package("kaldi_native_fbank")
    options = fbank.FbankOptions()
    options.frame_opts.samp_freq = RATE
    options.frame_opts.frame_length_ms, options.frame_opts.frame_shift_ms = FRAME, SHIFT
    options.frame_opts.dither = 0  # noise would make two readings of one sound differ
    options.mel_opts.num_bins = BANDS
    computed = fbank.OnlineFbank(options)
    computed.accept_waveform(RATE, np.pad(samples, (0, max(0, RATE * FRAME // 1000 - len(samples)))))
    computed.input_finished()
    return np.stack([computed.get_frame(i) for i in range(computed.num_frames_ready)])


def _row(frames: NDArray[np.float32], segments: int) -> NDArray[np.float64]:
    """The row of a sound, from its (frames, bands)."""
    levels = frames.astype(np.float64)
    changes = np.diff(levels, axis=0) if len(levels) > 1 else np.zeros_like(levels)
    parts = [levels.mean(0), levels.std(0), changes.mean(0), changes.std(0)]
    for i in range(segments):
        low = i * len(levels) // segments
        high = max((i + 1) * len(levels) // segments, low + 1)  # a sound of few frames gives one to several segments
        parts.append(levels[low:high].mean(0))
    row: NDArray[np.float64] = np.concatenate(parts)
    return row
