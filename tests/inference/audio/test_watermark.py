import numpy as np
import pytest

from support.sounds import RATE, noise, speech
from voice_server.audio.pcm import AudioError
from voice_server.audio.samples import Samples
from voice_server.audio.watermark import Watermark, applied, named, untouched


def whisper(samples: Samples, rate: int) -> Samples:
    """26 dB below speech, silent where it is."""
    return samples * (1 + noise(len(samples) / rate, 0.05)[: len(samples)])


def shout(samples: Samples, rate: int) -> Samples:
    return samples * (1 + noise(len(samples) / rate, 0.2)[: len(samples)])


def hiss(samples: Samples, rate: int) -> Samples:
    """Far below the speech, but heard in its pauses."""
    return samples + noise(len(samples) / rate, 0.003)[: len(samples)]


def click(samples: Samples, _: int) -> Samples:
    samples[len(samples) // 2] += 0.9
    return samples


def shorter(samples: Samples, _: int) -> Samples:
    return samples[1:]


def not_a_number(samples: Samples, _: int) -> Samples:
    return samples * np.nan


def broken(samples: Samples, _: int) -> Samples:
    raise ZeroDivisionError("its key is missing")


def test_a_watermark_that_nobody_hears_is_applied() -> None:
    assert np.array_equal(applied(whisper, speech(), RATE), whisper(speech(), RATE))


@pytest.mark.parametrize(
    ("watermark", "message"),
    [
        (shout, r"would be heard: somewhere it is \d+\.\d dB too loud"),
        (hiss, "would be heard"),
        (click, "would be heard"),
        (shorter, "made .* samples"),
        (not_a_number, "no numbers"),
        (broken, "the watermark failed: its key is missing"),
    ],
)
def test_a_watermark_that_would_be_heard_is_refused(watermark: Watermark, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        applied(watermark, speech(), RATE)


def test_a_watermark_gets_a_copy_and_cannot_change_the_speech_itself() -> None:
    before = speech().copy()

    with pytest.raises(AudioError):
        applied(click, before, RATE)

    assert np.array_equal(before, speech())


def test_a_watermark_is_found_by_its_name() -> None:
    assert named("voice_server.audio.watermark:untouched") is untouched


@pytest.mark.parametrize(
    "reference", ["", "perth", "no.such.module:mark", "voice_server.audio.watermark:nobody", ":mark", "a b:c",
                  "voice_server.audio.watermark:__doc__"],
)  # fmt: skip
def test_a_name_that_leads_nowhere_says_what_to_write(reference: str) -> None:
    with pytest.raises(AudioError, match=r"write package\.module:function"):
        named(reference)
