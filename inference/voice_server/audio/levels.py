"""How loud a sound is from moment to moment, which moments are speech, and what is left between them."""

import math

import numpy as np
from numpy.typing import NDArray

from voice_server.audio.pcm import AudioError
from voice_server.audio.samples import Samples

HOP = 0.01
SILENCE = 1e-12
OVERDRIVEN = 4.0
_WINDOW = 0.02
_QUIETEST = 0.1
_ABOVE_NOISE = 4.0
_BELOW_LOUDEST = 1e-4

Powers = NDArray[np.float64]


def powers(samples: Samples, rate: int) -> Powers:
    """The mean square of 20 ms windows, one every 10 ms, shape [windows]; one window where less is given."""
    window = max(1, min(len(samples), round(_WINDOW * rate)))
    sums = np.concatenate(([0.0], np.cumsum(np.square(samples, dtype=np.float64))))
    starts = np.arange(0, max(1, len(samples) - window + 1), max(1, round(HOP * rate)))
    starts = starts[starts + window < len(sums)]
    return np.maximum((sums[starts + window] - sums[starts]) / window, SILENCE)


def noise(powers: Powers) -> float:
    """The power of what sounds without speech: the mean of the quietest tenth of the windows."""
    quietest = max(1, round(len(powers) * _QUIETEST))
    return float(np.partition(powers, quietest - 1)[:quietest].mean())


def is_speech(powers: Powers) -> NDArray[np.bool_]:
    """Which windows stand out: 6 dB above the noise, and less than 40 dB below the loudest."""
    return powers > max(noise(powers) * _ABOVE_NOISE, float(powers.max()) * _BELOW_LOUDEST)


def decibels(power: float) -> float:
    """A mean square in dB of full scale; never below -120."""
    return 10 * math.log10(max(power, SILENCE))


def peak(samples: NDArray[np.float32]) -> float:
    """How far samples of any shape go from zero."""
    return float(max(samples.max(), -samples.min()))


def check_level(samples: NDArray[np.float32]) -> None:
    """AudioError where samples of any shape go far beyond full scale."""
    highest = peak(samples)
    if highest > OVERDRIVEN:
        raise AudioError(f"samples go up to {highest:.3g}; full scale is 1.0, save it as 16-bit WAV")
