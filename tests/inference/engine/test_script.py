import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.engines import ToneEngine, sound_of
from voice_server.audio.pcm import Audio
from voice_server.engine.script import PAUSE, Script, whole
from voice_server.engines.base import Profile, TextError, Utterance
from voice_server.settings import SettingsError


class WordEngine(ToneEngine):
    longest_text = 40


class TellingEngine(WordEngine):
    longest_text = 200
    tells_early = True


def test_an_engine_that_reads_by_itself_gets_the_text_as_it_came() -> None:
    utterance = Utterance("São 3. " * 100)

    assert Script.of(ToneEngine(), "pt-BR").pieces(utterance) == [utterance]


def test_an_engine_that_speaks_words_gets_words_in_pieces_that_keep_voice_pace_and_profile() -> None:
    script = Script.of(WordEngine(), "pt-BR")
    pieces = script.pieces(Utterance("O ano é 2025. Ana tem 3 gatos e 21 casas.", "ana", 1.5, Profile.HIGH))

    assert [piece.text for piece in pieces] == [
        "O ano é dois mil e vinte e cinco.",
        "Ana tem três gatos e vinte e uma casas.",
    ]
    assert {(piece.voice, piece.speed, piece.profile) for piece in pieces} == {("ana", 1.5, Profile.HIGH)}


LONG = "Uma palavra muito longa que vem, outra que vem depois."


def test_who_listens_hears_a_short_beginning_of_an_engine_that_speaks_by_pieces() -> None:
    script = Script("pt-BR", 200)

    assert [piece.text for piece in script.pieces(Utterance(f"{LONG} {LONG}"))] == [LONG, LONG]
    assert [piece.text for piece in script.pieces(Utterance(f"{LONG[:-1]}, {LONG}"), is_streamed=True)] == [
        "Uma palavra muito longa que vem, outra que vem depois,",
        LONG,
    ]


def test_an_engine_that_can_be_heard_early_is_given_whole_sentences() -> None:
    script = Script.of(TellingEngine(), "pt-BR")
    text = f"{LONG[:-1]}, {LONG}"

    assert script.pieces(Utterance(text), is_streamed=True) == script.pieces(Utterance(text))


@given(st.text(max_size=200).map(lambda text: f"ok {text}"))
def test_no_piece_is_longer_than_the_engine_takes(text: str) -> None:
    assert all(0 < len(piece.text) <= 40 for piece in Script("pt-BR", 40).pieces(Utterance(text)))


def test_numbers_are_said_in_the_language_of_the_pod() -> None:
    [piece] = Script.of(WordEngine(), "en_GB").pieces(Utterance("I have 2 cats."))

    assert piece.text == "I have two cats."


def test_a_language_that_is_not_read_ends_the_start_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match=r"VOICE_LANGUAGE: 'tlh' .* pt-BR"):
        Script.of(WordEngine(), "tlh")


def test_an_engine_that_reads_by_itself_speaks_languages_that_are_not_read_here() -> None:
    utterance = Utterance("Le 3 mai.")

    assert Script.of(ToneEngine(), "fr-FR").pieces(utterance) == [utterance]


def test_a_text_without_words_is_its_authors_mistake() -> None:
    with pytest.raises(TextError, match="nothing to say"):
        Script("pt-BR", 40).pieces(Utterance("…"))


def test_pieces_become_one_sound_with_a_breath_between_them() -> None:
    one, two = sound_of("one"), sound_of("two")
    both = whole([one, two])

    assert both.duration == pytest.approx(one.duration + PAUSE + two.duration, abs=1e-3)
    assert whole([one]) == one
    assert isinstance(both, Audio)
