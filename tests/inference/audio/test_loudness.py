"""Loudness beside pyloudnorm's meter, and by what the standard itself says."""

import math

import numpy as np
import pyloudnorm
import pytest

from support.sounds import RATE, a_tone, noise, silence, speech
from voice_server.audio.loudness import integrated
from voice_server.audio.samples import Samples, resampled

SOUNDS = {
    "speech": speech(),
    "another voice": speech(voice="pt-br+f2"),
    "noise": noise(4.05, 0.1),
    "half of it silence": np.concatenate([speech(), silence(6)]),
    "loud and faint": np.concatenate([speech(), speech() * np.float32(0.05)]),
}


@pytest.mark.parametrize("rate", [22_050, RATE, 48_000])
@pytest.mark.parametrize("name", SOUNDS)
def test_it_is_what_pyloudnorm_measures(name: str, rate: int) -> None:
    samples: Samples = resampled(SOUNDS[name], RATE, rate)

    # 0.1 LU: the meter counts a last block that is not whole, the standard does not.
    meter = pyloudnorm.Meter(rate).integrated_loudness(samples.astype(np.float64))
    assert integrated(samples, rate) == pytest.approx(meter, abs=0.1)


def test_a_tone_reads_as_the_standard_says() -> None:
    assert integrated(a_tone(5, 1.0, 997, 48_000), 48_000) == pytest.approx(-3.01, abs=0.1)


def test_twice_the_level_is_six_more() -> None:
    louder = integrated(speech() * np.float32(2), RATE)

    assert louder - integrated(speech(), RATE) == pytest.approx(20 * math.log10(2), abs=1e-3)


@pytest.mark.parametrize("samples", [silence(3), noise(3, 1e-5)])
def test_what_nobody_hears_has_no_loudness(samples: Samples) -> None:
    assert integrated(samples, RATE) == -math.inf
