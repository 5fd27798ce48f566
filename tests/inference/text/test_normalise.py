"""The public face: languages, hygiene, what cannot be said."""

import pytest

from voice_server.text import TextError, normalise, normalize_text_ptbr


def test_the_lower_case_form_is_exact() -> None:
    assert normalize_text_ptbr("OLÁ MUNDO 123!") == "olá mundo cento e vinte e três!"


def test_portuguese_is_what_is_read_unless_another_language_is_named() -> None:
    assert normalise("2 casas") == "duas casas"


@pytest.mark.parametrize("tag", ["pt", "pt-BR", "pt_br", "PT-PT"])
def test_a_language_is_known_by_its_first_part(tag: str) -> None:
    assert normalise("21", tag) == "vinte e um"


@pytest.mark.parametrize("tag", ["fr", "", "português", "ptt"])
def test_another_language_is_refused_with_those_there_are(tag: str) -> None:
    with pytest.raises(TextError, match="write one of pt-BR, en-US, es"):
        normalise("21", tag)


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "...", "?!", "🙂", "\u200b\u202e\ufeff", "\x00\x01", "'\"()", "— –", "*_~"]
)
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(TextError, match="nothing to say"):
        normalise(text)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("e\u0301", "é"),  # composed
        ("zero\u200bwidth", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u202eolá\u202c", "olá"),
        ("um\x00dois", "um dois"),
        ("bom\tdia\r\nmundo", "bom dia mundo"),
        ("\ufeffolá", "olá"),
        ("a" + "\u0301" * 500 + "b", "áb"),
        ("1\u00a0234\u00a0567", "um milhão duzentos e trinta e quatro mil quinhentos e sessenta e sete"),
        ("5 \u338f", "cinco quilos"),
        ("\u2167", "oito"),
        ("oi \U0001f469\u200d\U0001f469\u200d\U0001f467 oi", "oi oi"),
        ("1\ufe0f\u20e3 lugar", "um lugar"),
        ("\U0001f1e7\U0001f1f7 Brasil", "Brasil"),
        ("de 10 a 20\ud800", "de dez a vinte"),
    ],
)
def test_what_no_voice_can_say_is_taken_away(written: str, said: str) -> None:
    assert normalise(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Compras\nLeite\nPão", "Compras. Leite. Pão"),
        ("uma linha que\ncontinua", "uma linha que continua"),
        ("Fim.\n\nOutro parágrafo", "Fim. Outro parágrafo"),
        ("Lista:\n- um\n- dois", "Lista: um. dois"),
    ],
)
def test_a_line_that_does_not_go_on_is_a_sentence(written: str, said: str) -> None:
    assert normalise(written) == said


@pytest.mark.parametrize("text", ["你好 olá", "مرحبا", "שלום 5", "Привет", "नमस्ते", "สวัสดี", "ωμέγα"])
def test_other_scripts_are_left_for_the_vocabulary_to_judge(text: str) -> None:
    letters = [character for character in text if character.isalpha()]

    assert [each for each in letters if each not in normalise(text)] == []
