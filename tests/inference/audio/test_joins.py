import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.sounds import RATE, a_tone, audio, speech
from voice_server.audio.joins import FADE, Joiner, faded, join
from voice_server.audio.pcm import Audio, AudioError
from voice_server.audio.samples import Samples, from_audio, to_audio

tones = st.builds(
    a_tone, st.floats(0.001, 0.3), st.floats(0.1, 1.0), st.floats(20, 2000)
).map(audio)  # fmt: skip
pieces = st.lists(tones, min_size=1, max_size=5)
pauses = st.floats(0, 0.3)
some_pause = st.floats(0.001, 0.3)
very_short = st.builds(a_tone, st.floats(0, 3 * FADE), st.just(0.5)).map(audio)
any_pieces = st.lists(st.one_of(tones, very_short), min_size=1, max_size=4)


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


def cut(sound: Samples, data: st.DataObject) -> list[Samples]:
    """In bits, some of them empty."""
    ends = data.draw(st.lists(st.integers(0, len(sound)), max_size=6).map(sorted))
    return np.split(sound, ends)


def laid_end_to_end(sounds: list[Audio], pause: float, data: st.DataObject) -> Audio:
    joiner, out = Joiner(RATE, pause), []
    for sound in sounds:
        if out:
            out.append(joiner.next())
        out += [joiner.add(bit) for bit in cut(from_audio(sound), data)]
    return to_audio(np.concatenate([*out, joiner.finish()]), RATE)


@settings(deadline=None)
@given(any_pieces, some_pause, st.data())
def test_pieces_that_come_in_bits_are_joined_as_whole_ones_are(
    sounds: list[Audio], pause: float, data: st.DataObject
) -> None:
    assert laid_end_to_end(sounds, pause, data) == join(sounds, pause)


@settings(deadline=None)
@given(any_pieces, some_pause)
def test_before_and_after_a_pause_each_piece_fades_by_itself(sounds: list[Audio], pause: float) -> None:
    expected = []
    for index, piece in enumerate(map(from_audio, sounds)):
        fade = min(round(FADE * RATE), len(piece))
        expected += [np.zeros(round(pause * RATE), np.float32)] if index else []
        expected.append(faded(piece, fade if index else 0, fade if index < len(sounds) - 1 else 0))

    joined = from_audio(join(sounds, pause))

    assert np.abs(joined - np.concatenate(expected)).max(initial=0) <= 1 / 32768


@given(st.lists(st.integers(0, 1000), max_size=10), st.integers(0, 2))
def test_no_more_than_a_fade_is_held_back(lengths: list[int], pieces_before: int) -> None:
    joiner = Joiner(RATE, 0.1)
    for _ in range(pieces_before):
        joiner.add(a_tone(0.1))
        joiner.next()

    left = sum(len(joiner.add(np.ones(length, np.float32))) for length in lengths)

    assert left == max(0, sum(lengths) - FADE * RATE)


def test_a_joiner_changes_nothing_that_it_was_given() -> None:
    joiner, bit = Joiner(RATE, 0.1), np.ones(RATE, np.float32)
    for end in (joiner.next, joiner.finish):
        joiner.add(bit)
        end()

    assert (bit == 1).all()


def test_pieces_that_lie_over_each_other_cannot_be_joined_in_bits() -> None:
    with pytest.raises(AudioError, match="a pause of 0 s has no sample at 24000 Hz"):
        Joiner(RATE, 0)


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
