import struct

import pytest

from voice_server.audio.pcm import Audio, AudioError, checked


def audio(*frames: int, rate: int = 100) -> Audio:
    return Audio(struct.pack(f"<{len(frames)}h", *frames), rate)


def test_duration_is_frames_over_rate() -> None:
    assert audio(*[0] * 250).duration == 2.5


@pytest.mark.parametrize("loud", [1000, -1000, 32767, -32768])
def test_a_word_in_a_long_silence_is_heard(loud: int) -> None:
    assert not audio(*[0] * 40_000, *[loud] * 200, *[0] * 40_000).is_silent


@pytest.mark.parametrize("hum", [0, 5, -32])
def test_a_hum_that_nobody_hears_is_silence(hum: int) -> None:
    assert audio(*[hum] * 10_000).is_silent


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (Audio(b"", 100), "no sound"),
        (Audio(b"\x00\x40\x00", 100), "middle of a sample"),
        (audio(*[0] * 100), "silent"),
    ],
)
def test_what_nobody_can_hear_is_an_error(sound: Audio, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        checked(sound)
