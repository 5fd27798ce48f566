"""Which recordings a voice can be taken from, and what the others say."""

import numpy as np
import pytest

from support.sounds import RATE, a_murmur, a_tone, noise, silence, speech
from voice_server.audio.passage import clipped_share, find
from voice_server.audio.pcm import AudioError
from voice_server.audio.samples import Samples, resampled
from voice_server.audio.upload import Recording


def a_recording(*parts: Samples, rate: int = RATE) -> Recording:
    return Recording(resampled(np.concatenate(parts), RATE, rate)[:, np.newaxis], rate)


def quieter(samples: Samples, decibels: float) -> Samples:
    return samples * np.float32(10 ** (-decibels / 20))


@pytest.mark.parametrize("rate", [8000, 48_000])
@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([silence(5)], "nobody speaks in the recording; record 3 to 12 s of speech"),
        ([noise(5, 0.1)], "nobody speaks in the recording; record 3 to 12 s of speech"),
        ([a_tone(5)], "nobody speaks in the recording; record 3 to 12 s of speech"),
        ([speech()[: 2 * RATE]], "2.0 s are too short; record 3 to 12 s of speech"),
        (
            [silence(3), a_murmur(2), silence(3)],
            "2.2 s are left without the silence at both ends; record 3 to 12 s of speech",
        ),
        (
            [quieter(speech(), 40)],
            "the recording is too quiet (speech at -60 dB of full scale); record nearer to the microphone",
        ),
        ([speech() * np.float32(32_768)], "samples go up to "),
    ],
)
def test_what_cannot_be_a_voice_says_what_to_record_instead(
    parts: list[Samples], reason: str, rate: int
) -> None:
    with pytest.raises(AudioError) as refused:
        find(a_recording(*parts, rate=rate))

    assert str(refused.value).startswith(reason)


def test_a_constant_is_nobody() -> None:
    with pytest.raises(AudioError, match="nobody speaks in the recording"):
        find(a_recording(silence(5) + np.float32(0.5)))


@pytest.mark.parametrize("rate", [8000, 22_050, 48_000, 192_000])
@pytest.mark.parametrize(
    "parts",
    [
        [speech()],
        [speech(voice="pt-br+f2")],
        [quieter(speech(), 25)],
        [silence(20), speech(), silence(20)],
        [speech(), silence(3), speech()],
        [speech() + noise(len(speech()) / RATE, 0.02)],
        [a_murmur(3.1)],
    ],
)
def test_clear_speech_of_three_seconds_is_taken(parts: list[Samples], rate: int) -> None:
    assert 3 <= len(find(a_recording(*parts, rate=rate)).samples) / RATE <= 12


def test_what_comes_after_the_passage_does_not_make_it_loud_enough() -> None:
    whispered = quieter(a_murmur(12), 45)

    with pytest.raises(AudioError, match="too quiet"):
        find(a_recording(whispered, silence(1), quieter(a_murmur(4), 15)))


def test_a_sound_of_no_samples_or_one_is_too_short() -> None:
    for count in (0, 1):
        with pytest.raises(AudioError, match=r"0\.0 s are too short"):
            find(Recording(np.zeros((count, 1), np.float32), 192_000))


@pytest.mark.parametrize(
    ("samples", "share"),
    [
        ([0.5] * 10, 0),
        ([1, 1, 0, 0], 0),
        ([1, 1, 1, 0], 0.75),
        ([0, -1, -1, -1, -1, 0, 1, 1], 0.5),
        ([1] * 4, 1),
    ],
)
def test_three_in_a_row_at_full_scale_are_clipped(samples: list[float], share: float) -> None:
    assert clipped_share(np.array(samples, np.float32)) == share
