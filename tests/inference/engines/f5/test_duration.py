"""A voice goes on at the pace of its reference, and an accent takes no time."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_server.engines.f5.duration import PaceError, lasting, pace, weight

REFERENCE = "Uma frase de doze."  # 18
LONG = "Mais uma frase, esta com trinta e seis."  # 39


def frames(reference_frames: int, reference_text: str, text: str, speed: float = 1.0) -> int:
    return lasting(pace(reference_frames, reference_text), text, speed)


@pytest.mark.parametrize(
    ("text", "weighs"),
    [("", 0), ("casa", 4), ("ação", 4), ("número", 6), ("你好", 6), ("ß", 2), ("한", 3), ("a b.", 4)],
)
def test_a_text_weighs(text: str, weighs: int) -> None:
    assert weight(text) == weighs


@given(st.text(st.characters(codec="ascii")))
def test_without_accents_a_text_weighs_its_bytes_as_upstream_counts(text: str) -> None:
    assert weight(text) == len(text.encode())


@given(st.text())
def test_the_way_an_accent_is_written_weighs_nothing(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)

    assert weight(composed) == weight(unicodedata.normalize("NFD", composed))


def test_twice_the_text_takes_twice_as_long() -> None:
    assert frames(181, REFERENCE, REFERENCE) == 180
    assert frames(181, REFERENCE, REFERENCE * 2) == 360


def test_twice_the_speed_takes_half_as_long() -> None:
    assert frames(181, REFERENCE, LONG, speed=2.0) == 195


def test_a_short_text_is_given_time() -> None:
    assert frames(181, REFERENCE, "Olá") == 100
    assert frames(181, REFERENCE, "Olá", speed=2.0) == 50


@pytest.mark.parametrize(("reference_frames", "frames_a_character"), [(37, 2.0), (181, 10.0), (541, 30.0)])
def test_a_reference_has_a_pace(reference_frames: int, frames_a_character: float) -> None:
    assert pace(reference_frames, REFERENCE) == frames_a_character


@pytest.mark.parametrize(
    ("reference_frames", "text", "says"),
    [
        (
            36,
            REFERENCE,
            "these are 18 characters, too many for 0.4 s of speech; write all that is said there",
        ),
        (
            542,
            REFERENCE,
            "these are 18 characters, too few for 5.8 s of speech; write all that is said there",
        ),
        (181, "", "these are 0 characters, too few for 1.9 s of speech"),
        (1, "", "these are 0 characters, too few for 0.0 s of speech"),
    ],
)
def test_words_that_nobody_says_in_that_time_are_refused(reference_frames: int, text: str, says: str) -> None:
    with pytest.raises(PaceError, match=says):
        frames(reference_frames, text, LONG)
