from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.audio.samples import Samples
from voice_server.engines.xtts.tail import Ending

RATE = 24000
MOST_KEPT = 0.2


def loud(seconds: float) -> Samples:
    return np.random.default_rng(1).normal(0, 0.2, round(seconds * RATE)).astype(np.float32)


def quiet(seconds: float) -> Samples:
    return np.random.default_rng(2).normal(0, 0.0002, round(seconds * RATE)).astype(np.float32)


def ended(*parts: Samples, least: float = 1.0, cuts: Sequence[int] = ()) -> float:
    """Seconds that are left of the parts, heard in pieces that end at `cuts`."""
    sound = np.concatenate(parts)
    ending = Ending(RATE, least)
    pieces = np.split(sound, sorted(cut % len(sound) for cut in cuts))
    left = np.concatenate([*(ending.hear(piece) for piece in pieces), ending.finish()])
    assert np.array_equal(left, sound[: len(left)]), "what is left is what was there"
    return len(left) / RATE


def test_a_natural_ending_is_left_as_it_is() -> None:
    assert ended(loud(2.0), quiet(0.18)) == pytest.approx(2.18)


def test_speech_that_stops_at_once_is_left_as_it_is() -> None:
    assert ended(loud(2.0037)) == pytest.approx(2.0037, abs=1 / RATE)


def test_silence_after_the_speech_is_cut_to_a_breath() -> None:
    assert ended(loud(2.0), quiet(1.5)) == pytest.approx(2.0 + MOST_KEPT, abs=0.02)


def test_a_burst_after_a_long_quiet_is_not_speech() -> None:
    assert ended(loud(2.0), quiet(0.7), loud(0.4)) == pytest.approx(2.0 + MOST_KEPT, abs=0.02)


def test_a_burst_is_speech_while_the_text_cannot_have_been_said() -> None:
    assert ended(loud(2.0), quiet(0.7), loud(0.4), least=2.5) == pytest.approx(3.1)


def test_a_pause_between_words_cuts_nothing() -> None:
    assert ended(loud(2.0), quiet(0.5), loud(0.4)) == pytest.approx(2.9)


def test_what_goes_on_for_long_after_a_quiet_is_speech() -> None:
    assert ended(loud(2.0), quiet(0.7), loud(1.2)) == pytest.approx(3.9)


def test_nothing_but_silence_is_nothing() -> None:
    assert ended(np.zeros(RATE, np.float32)) == 0


@given(st.lists(st.integers(0, 10**6), max_size=8))
def test_it_does_not_matter_in_which_pieces_it_is_heard(cuts: list[int]) -> None:
    parts = (loud(1.5), quiet(0.3), loud(0.2), quiet(0.7), loud(0.3), quiet(0.1))

    assert ended(*parts, cuts=cuts) == ended(*parts)


def test_speech_is_given_before_the_sound_ends() -> None:
    assert len(Ending(RATE, 1.0).hear(loud(1.0))) == RATE
