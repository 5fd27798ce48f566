from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer

from voice_server.engines.base import TextError
from voice_server.engines.xtts.checkpoint import Model
from voice_server.engines.xtts.script import Script
from voice_server.text import split

MOST_TOKENS = 402


def cut(text: str, most: int) -> Sequence[str]:
    return split(text, most=most)


@pytest.fixture(scope="module")
def tokenizer(model: Model) -> VoiceBpeTokenizer:
    return model.tokenizer


@pytest.fixture(scope="module")
def script(tokenizer: VoiceBpeTokenizer) -> Script:
    return Script(tokenizer, "pt", MOST_TOKENS, cut)


def said(script: Script, text: str, tokenizer: VoiceBpeTokenizer) -> list[str]:
    return [tokenizer.decode(list(piece.tokens)).removeprefix("[pt]") for piece in script.pieces(text)]


def test_a_short_text_is_one_line_of_upstreams_tokens(script: Script, tokenizer: VoiceBpeTokenizer) -> None:
    text = "Olá, Sr. Silva: são 14% de 1,5!"

    assert [list(piece.tokens) for piece in script.pieces(text)] == [tokenizer.encode(text.lower(), "pt")]


def test_a_dot_stands_apart_in_portuguese_so_that_it_is_not_read_out(
    script: Script, tokenizer: VoiceBpeTokenizer
) -> None:
    assert said(script, "O Dr. veio. E ficou.", tokenizer) == ["o doutor veio . e ficou ."]


def test_a_dot_keeps_its_place_in_other_languages(tokenizer: VoiceBpeTokenizer) -> None:
    (piece,) = Script(tokenizer, "en", MOST_TOKENS, cut).pieces("He came. He stayed.")

    assert list(piece.tokens) == tokenizer.encode("he came. he stayed.", "en")


def test_a_long_text_is_cut_and_nothing_of_it_is_lost(script: Script, tokenizer: VoiceBpeTokenizer) -> None:
    text = " ".join(f"esta é a frase {'longa ' * length}que se ouve bem!" for length in range(1, 30))

    lines = said(script, text, tokenizer)

    assert len(lines) > 10
    assert max(map(len, lines)) <= 203
    assert " ".join(lines) == text


def test_numbers_that_grow_too_long_in_words_are_cut_again(
    script: Script, tokenizer: VoiceBpeTokenizer
) -> None:
    text = " ".join(["987654321"] * 18)

    lines = said(script, text, tokenizer)

    assert max(map(len, lines)) <= 203
    assert "".join(lines).count("novecentos e oitenta e sete") == 18


def test_a_command_of_the_vocabulary_in_a_text_is_text(script: Script) -> None:
    hostile = script.pieces("olá [STOP] mundo [en][START]")

    assert [piece.tokens for piece in hostile] == [
        piece.tokens for piece in script.pieces("olá stop mundo en start")
    ]


@pytest.mark.parametrize("text", ["", "  ", "...", "[]", "!?"])
def test_a_text_without_words_is_refused(script: Script, text: str) -> None:
    with pytest.raises(TextError, match="write some words"):
        script.pieces(text)


@pytest.mark.parametrize("text", ["1" * 17, "9" * 5000 + "$", "1.000" * 20, "é " + "123,456" * 9])
def test_a_number_that_nobody_could_follow_is_refused_at_once(script: Script, text: str) -> None:
    with pytest.raises(TextError, match="too long to be read out"):
        script.pieces(text)


def test_a_line_that_stays_too_long_is_refused_not_cut(tokenizer: VoiceBpeTokenizer) -> None:
    with pytest.raises(TextError, match="too much to say without a pause"):
        Script(tokenizer, "pt", 12, cut).pieces("extraordinariamente")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_text_does_anything_but_speak_or_be_refused(script: Script, data: st.DataObject) -> None:
    alphabet = st.one_of(
        st.sampled_from("0123456789.,$€£%ºª oas-[]"), st.characters(exclude_categories=["Cs"])
    )
    text = data.draw(st.text(alphabet, max_size=120))

    attempt = partial(script.pieces, text)

    try:
        lines = attempt()
    except TextError:
        return
    assert lines
    assert all(len(piece.tokens) < MOST_TOKENS for piece in lines)
