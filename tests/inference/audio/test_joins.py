import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sounds import RATE, a_tone, audio, speech
from voice_server.audio.joins import FADE, join
from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.samples import from_audio

tones = st.builds(
    a_tone, st.floats(0.001, 0.3), st.floats(0.1, 1.0), st.floats(20, 2000)
).map(audio)  # fmt: skip
pieces = st.lists(tones, min_size=1, max_size=5)
pauses = st.floats(0, 0.3)


def steepest(sound: Audio) -> float:
    return float(np.abs(np.diff(from_audio(sound), prepend=0, append=0)).max(initial=0))


@settings(deadline=None)
@given(pieces, st.floats(0.01, 0.3))
def test_a_pause_is_as_long_as_was_asked(sounds: list[Audio], pause: float) -> None:
    whole = sum(each.duration for each in sounds) + (len(sounds) - 1) * pause

    assert join(sounds, pause).duration == pytest.approx(whole, abs=len(sounds) / RATE)


@settings(deadline=None)
@given(pieces, pauses)
def test_nothing_clicks_where_pieces_meet(sounds: list[Audio], pause: float) -> None:
    """No sample jumps further from the one before it than the pieces and the slope of a fade make it."""
    shortest = min(len(from_audio(each)) for each in sounds)
    fade = max(1, min(round(FADE * RATE), shortest // 2))
    loudest = max(float(np.abs(from_audio(each)).max(initial=0)) for each in sounds)
    inner = max(float(np.abs(np.diff(from_audio(each))).max(initial=0)) for each in sounds)
    ends = max(abs(float(from_audio(sounds[0])[0])), abs(float(from_audio(sounds[-1])[-1])))

    assert steepest(join(sounds, pause)) <= max(inner + loudest * np.pi / fade, ends) + 1e-3


@settings(deadline=None)
@given(pieces, pauses)
def test_a_join_is_never_louder_than_its_loudest_piece(sounds: list[Audio], pause: float) -> None:
    loudest = max(np.abs(from_audio(each)).max(initial=0) for each in sounds)

    assert np.abs(from_audio(join(sounds, pause))).max(initial=0) <= loudest + 1e-4


def test_one_piece_is_left_alone() -> None:
    assert join([audio(speech())], 0.2) == audio(speech())


def test_pieces_without_a_pause_lie_over_each_other_for_the_length_of_a_fade() -> None:
    steady = audio(np.full(RATE, 0.5, np.float32))

    joined = from_audio(join([steady, steady], 0))

    assert len(joined) == 2 * RATE - FADE * RATE
    assert np.abs(joined - 0.5).max() < 1e-3


@pytest.mark.parametrize(
    ("sounds", "message"),
    [
        ([], "no pieces"),
        ([audio(a_tone(1)), audio(a_tone(1), 22_050)], r"different rates .*\[22050, 24000\] Hz"),
    ],
)
def test_what_cannot_be_joined_says_why(sounds: list[Audio], message: str) -> None:
    with pytest.raises(AudioError, match=message):
        join(sounds, 0.1)
