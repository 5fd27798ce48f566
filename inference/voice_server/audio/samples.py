"""Sound as numbers: mono float32 samples, full scale 1.0."""

import numpy as np
import soxr
from numpy.typing import NDArray

from voice_server.audio.pcm import Audio

Samples = NDArray[np.float32]
_FULL_SCALE = 32768


def from_audio(audio: Audio) -> Samples:
    """The samples, shape [samples], from -1 to just below 1."""
    return np.frombuffer(audio.samples, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)


def to_audio(samples: Samples, rate: int) -> Audio:
    """The sound in 16 bits, rounded to the nearest; what exceeds full scale is clipped."""
    steps = np.rint(samples.astype(np.float64) * _FULL_SCALE).clip(-_FULL_SCALE, _FULL_SCALE - 1)
    return Audio(steps.astype("<i2").tobytes(), rate)


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """The same sound at `wanted` Hz, by soxr at its high quality; untouched where the rates agree."""
    if rate == wanted:
        return samples
    return np.asarray(soxr.resample(samples, rate, wanted, quality="HQ"), np.float32)


def centred(samples: Samples) -> Samples:
    """Without the constant that a bad recorder adds: it is no sound, and would be taken for noise."""
    return samples - np.float32(samples.mean(dtype=np.float64))


def mono(samples: NDArray[np.float32]) -> Samples:
    """The mean of the channels, shape [frames]; the louder one where they cancel each other out."""
    if samples.shape[1] == 1:
        return np.ascontiguousarray(samples[:, 0])
    mean: Samples = samples.mean(axis=1, dtype=np.float32)
    energy = np.einsum("ij,ij->j", samples, samples, dtype=np.float64)
    if np.einsum("i,i", mean, mean, dtype=np.float64) < energy.max() / 8:
        return np.ascontiguousarray(samples[:, int(energy.argmax())])
    return mean
