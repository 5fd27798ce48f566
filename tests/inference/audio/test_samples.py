import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from support.sounds import a_tone
from voice_server.audio.pcm import Audio
from voice_server.audio.samples import from_audio, mono, resampled, to_audio


@given(st.lists(st.integers(-32768, 32767), max_size=50))
def test_sixteen_bits_survive_the_way_through_numbers(frames: list[int]) -> None:
    sound = Audio(struct.pack(f"<{len(frames)}h", *frames), 24_000)

    assert to_audio(from_audio(sound), 24_000) == sound


def test_what_exceeds_full_scale_is_clipped_and_does_not_wrap_round() -> None:
    assert to_audio(np.array([2, -2, 1], np.float32), 8).samples == struct.pack("<3h", 32767, -32768, 32767)


def test_a_tone_stays_itself_at_another_rate() -> None:
    sound = resampled(a_tone(1, rate=44_100), 44_100, 24_000)

    assert len(sound) == 24_000
    assert np.abs(sound - a_tone(1))[500:-500].max() < 1e-3


def test_two_channels_become_their_mean() -> None:
    left, right = a_tone(1, 0.2), a_tone(1, 0.4)

    assert np.allclose(mono(np.column_stack([left, right])), a_tone(1, 0.3), atol=1e-6)


def test_channels_that_cancel_each_other_out_are_not_lost() -> None:
    assert np.array_equal(mono(np.column_stack([a_tone(1), -a_tone(1)])), a_tone(1))
